// The certificate library decorates its classes and throws on import without the metadata shim.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate and its private key, both PEM; the key is PKCS#8. */
export interface KeyPair {
  cert: string;
  key: string;
}

interface CaRequest {
  commonName: string;
  /** Life of the CA in years (365 days each), from `now`. */
  years: number;
  /** Milliseconds since the epoch; default the present. */
  now?: number;
}

interface LeafRequest {
  ca: KeyPair;
  commonName: string;
  /** DNS names; IP addresses among them become IP entries. */
  dnsNames: string[];
  serverAuth: boolean;
  clientAuth: boolean;
  /** Life of the certificate in days, from `now`; never longer than the CA's. */
  days: number;
  /** Milliseconds since the epoch; default the present. */
  now?: number;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 24 * 3600 * 1000;
/** Validity starts this much earlier, so that machines with clocks that lag accept it too. */
const BACKDATE = 5 * 60 * 1000;

/** Makes a certificate authority: P-256, path length 0 (it signs leaves only). */
export async function issueCa({
  commonName,
  years,
  now = Date.now(),
}: CaRequest): Promise<KeyPair> {
  const keys = await generateKeys();
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ CN: [commonName] }],
    notBefore: new Date(now - BACKDATE),
    notAfter: new Date(now + years * 365 * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false),
    ],
  });
  return pairOf(certificate, keys);
}

/** Makes a certificate signed by `ca`. The CA certificate is not appended to it. */
export async function issueLeaf(request: LeafRequest): Promise<KeyPair> {
  const { now = Date.now(), commonName, dnsNames, days } = request;
  const issuer = new x509.X509Certificate(request.ca.cert);
  const keys = await generateKeys();
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [commonName] }],
    issuer: issuer.subjectName,
    notBefore: new Date(Math.max(now - BACKDATE, issuer.notBefore.getTime())),
    notAfter: new Date(Math.min(now + days * DAY, issuer.notAfter.getTime())),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importKey(request.ca.key),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        ...(request.serverAuth ? [serverAuth] : []),
        ...(request.clientAuth ? [clientAuth] : []),
      ]),
      new x509.SubjectAlternativeNameExtension(
        dnsNames.map((name) => ({ type: isIp(name) ? 'ip' : 'dns', value: name })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey, false),
    ],
  });
  return pairOf(certificate, keys);
}

/**
 * Whether the certificate ends within `beforeDays` days after `now` (milliseconds since the epoch),
 * is not valid yet, or cannot be read.
 */
export function needsRenewal(certPem: string, now: number, beforeDays: number): boolean {
  try {
    const certificate = new x509.X509Certificate(certPem);
    return (
      now < certificate.notBefore.getTime() ||
      now + beforeDays * DAY >= certificate.notAfter.getTime()
    );
  } catch {
    return true;
  }
}

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

function importKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(keyPem);
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

async function pairOf(
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<KeyPair> {
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key = x509.PemConverter.encode(der, 'PRIVATE KEY');
  return { cert: `${certificate.toString('pem')}\n`, key: `${key}\n` };
}

/** 16 random bytes, first bit cleared: positive and below the 20 bytes that the standard allows. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function isIp(name: string): boolean {
  return /^[0-9.]+$/.test(name) || name.includes(':');
}
