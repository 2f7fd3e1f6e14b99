import { createHash, X509Certificate } from 'node:crypto';
import { textOf } from '../schemas/text.ts';
import { bundleOf, type Authority } from './authority.ts';
import { issueLeaf, needsRenewal, type KeyPair } from '../pki/ca.ts';

interface CertificateDeps {
  /** Reads or makes the shared CA. */
  loadAuthority(now: number): Promise<Authority>;
  /** Puts the bundle where the API server looks; returns what is still missing. */
  publish(bundle: string): Promise<string[]>;
  /** Puts a new certificate in front of new connections; not called before the first `prepare`. */
  install(leaf: KeyPair): void;
  clock: { now(): number };
  /** Waits; used between publishing a new CA and serving with it. */
  sleep(ms: number): Promise<void>;
  dnsNames: string[];
}

export interface Certificates {
  /** Loads the CA and issues the first leaf, without publishing. */
  prepare(): Promise<KeyPair>;
  /** One round: CA, bundle, leaf. Safe to repeat. */
  tick(): Promise<void>;
  /** Why the API server could not call us now; empty when it can. */
  notReady(): string[];
}

/** Life of a serving certificate, and how long before its end it is replaced. */
const LEAF_DAYS = 90;
const LEAF_RENEW_DAYS = 30;
/** API servers learn a changed caBundle by watch; this long after we saw it stored. */
const SETTLE_MS = 5000;

/**
 * The serving certificate: a leaf in memory, made from the CA in the shared Secret and renewed
 * while running. When the CA is replaced the bundle with both CAs is published first, and only
 * then does the new leaf appear, so that no request meets an unknown certificate.
 */
export function createCertificates(deps: CertificateDeps): Certificates {
  let leaf: KeyPair | undefined;
  let reasons = ['the CA bundle is not published yet'];

  const issue = (authority: Authority): Promise<KeyPair> =>
    issueLeaf({
      ca: authority.current,
      commonName: 'multigres-webhook',
      dnsNames: deps.dnsNames,
      serverAuth: true,
      clientAuth: false,
      days: LEAF_DAYS,
      now: deps.clock.now(),
    });

  return {
    async prepare() {
      leaf = await issue(await deps.loadAuthority(deps.clock.now()));
      return leaf;
    },
    async tick() {
      try {
        const now = deps.clock.now();
        const authority = await deps.loadAuthority(now);
        reasons = await deps.publish(bundleOf(authority, now));
        if (reasons.length > 0 || !mustReplace(leaf, authority, now)) return;
        if (leaf && !signedBy(leaf, authority)) await deps.sleep(SETTLE_MS);
        leaf = await issue(authority);
        deps.install(leaf);
      } catch (error) {
        // A certificate in use stays good when the API server is away for a while.
        const text = textOf(error);
        if (reasons.length > 0) reasons = [`the CA bundle is not published: ${text}`];
        throw error;
      }
    },
    notReady: () => reasons,
  };
}

/** Short name of a certificate for logs: the first 16 hex digits of its SHA-256. */
export function fingerprint(cert: string): string {
  return createHash('sha256').update(new X509Certificate(cert).raw).digest('hex').slice(0, 16);
}

function mustReplace(leaf: KeyPair | undefined, authority: Authority, now: number): boolean {
  return !leaf || needsRenewal(leaf.cert, now, LEAF_RENEW_DAYS) || !signedBy(leaf, authority);
}

function signedBy(leaf: KeyPair, authority: Authority): boolean {
  return new X509Certificate(leaf.cert).verify(
    new X509Certificate(authority.current.cert).publicKey,
  );
}
