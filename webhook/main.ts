import { X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import { hostname } from 'node:os';
import type { KubeApi } from '../kube/api.ts';
import { createClient } from '../kube/client.ts';
import { backoffMs, sleep, systemClock, type Clock } from '../kube/clock.ts';
import { createEventRecorder } from '../kube/events.ts';
import { loadKubeConfig } from '../kube/config.ts';
import { createTransport } from '../kube/transport.ts';
import { createLog, type Log } from '../kube/log.ts';
import { loadAuthority } from './authority.ts';
import type { KeyPair } from '../pki/ca.ts';
import { publisher } from './cabundle.ts';
import { CLEANUP_USERS, webhookConfigurations } from './configurations.ts';
import { controllerLease } from './controller-lease.ts';
import { createLive } from './live.ts';
import { createWebhookMetrics, type WebhookMetrics } from './metrics.ts';
import { parseWebhookOptions, type WebhookOptions } from './options.ts';
import { POLICIES } from './policies/index.ts';
import { createOutput } from './output.ts';
import { createPolicySource } from './policy-source.ts';
import { listenPlain, listenTls } from './listen.ts';
import type { Refusal } from './refusal.ts';
import { createApp } from './server.ts';
import { selfCheck } from './self-check.ts';
import { createSteps } from './steps.ts';
import { createCertificates, fingerprint, type Certificates } from './tls.ts';
import { runProgram } from '../kube/program.ts';

/** While not ready, looks are this close together, so that an installation waits seconds only. */
const STARTING_MS = 1000;
/** Requests that still run at the end get this long. */
const CLOSE_MS = 10_000;
/** And Events that are not written yet this long. */
const EVENTS_MS = 2000;

interface Parts {
  options: WebhookOptions;
  clock: Clock;
  log: Log;
  kube: KubeApi;
  metrics: WebhookMetrics;
}

/** Runs the webhook until `signal` aborts. Resolves with the exit code. */
async function run(
  argv: readonly string[],
  env: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<number> {
  const parsed = parseWebhookOptions(argv, env);
  if (!parsed.ok) {
    process.stderr.write(`${parsed.problems.join('\n')}\n`);
    return 2;
  }
  const options = parsed.value;
  const clock = systemClock;
  const output = createOutput(clock);
  const log = createLog(options.logLevel, (line) => output.write(line));
  const transport = createTransport(loadKubeConfig(env), clock);
  const kube = createClient({ transport, clock, random: () => Math.random() });
  const parts: Parts = { options, clock, log, kube, metrics: createWebhookMetrics() };
  try {
    if (options.selfCheckSeconds > 0) {
      const limitMs = options.selfCheckSeconds * 1000;
      return (await selfCheck({ ...parts, namespace: options.namespace, limitMs })) ? 0 : 1;
    }
    await serve(parts, signal);
  } finally {
    await transport.close();
  }
  log.info({}, 'webhook stopped');
  return 0;
}

async function serve(parts: Parts, signal: AbortSignal): Promise<void> {
  const { options, clock, log, kube, metrics } = parts;
  // The controller's user name, as Kubernetes writes it.
  const controller = `system:serviceaccount:${options.namespace}:${options.controllerServiceAccount}`;
  const trustedUsers = [controller, ...options.trustedUsers];
  const { namespace, zoneLabels } = options;
  const random = (): number => Math.random();
  const live = createLive({ ...parts, random, zoneLabels });
  const source = createPolicySource({
    ...parts,
    namespace,
    name: options.policyConfigMap,
    policies: POLICIES,
    random,
  });
  const events = createEventRecorder({
    api: kube,
    clock,
    instance: hostname(),
    log: { debug: (fields, message) => log.warn(fields, message) },
  });
  const informers = [...live.informers, ...source.informers];
  const stopWatching = new AbortController();
  const watching = informers.map((informer) => informer.start(stopWatching.signal));

  let server: Server | undefined;
  const certificates = createCertificates({
    ...certificateDeps(parts, trustedUsers, signal),
    install(leaf) {
      server?.setSecureContext({ key: leaf.key, cert: leaf.cert });
      noteCertificate(parts, leaf);
    },
  });
  const onRefused = (refusal: Refusal): void => {
    metrics.refused(refusal.status);
    log.warn(refusal, 'request refused');
  };
  const app = createApp({
    ...createSteps({
      ...parts,
      live,
      controllerAgeMs: controllerLease({ ...parts, namespace, name: options.leaseName }),
      trustedUsers: [...trustedUsers, ...CLEANUP_USERS],
      zoneLabels,
      policySource: source,
      events,
    }),
    notReady: () => [
      ...(signal.aborted ? ['shutting down'] : []),
      ...informers.filter((one) => !one.hasSynced).map((one) => `still reading ${one.kind.plural}`),
      ...certificates.notReady(),
    ],
    metrics: () => metrics.page(),
    onError: (error, request) => log.error({ ...request, err: error }, 'request failed'),
    onRefused,
  });
  const health = await listenPlain(app, options.healthAddress);
  const leaf = await firstCertificate(parts, certificates, signal);
  if (leaf) {
    const { host, port } = options;
    const tls = await listenTls(app, leaf, { host, port, onRefused });
    server = tls.server;
    noteCertificate(parts, leaf);
    log.info({ port: tls.port, health: health.port }, 'webhook listens');
    await maintain(parts, certificates, signal);
    // The API server may use this replica until every proxy knows that it is no longer ready.
    await sleep(clock, options.drainSeconds * 1000);
    await tls.close(CLOSE_MS);
  }
  stopWatching.abort();
  await Promise.all(watching);
  await events.flush(EVENTS_MS);
  await health.close(CLOSE_MS);
}

function certificateDeps(
  { options, clock, kube }: Parts,
  trustedUsers: readonly string[],
  signal: AbortSignal,
) {
  const { namespace, serviceName, publishUrl, configurationName: name } = options;
  const service = `${serviceName}.${namespace}.svc`;
  const make = (caBundle: string) =>
    webhookConfigurations(POLICIES, {
      name,
      client: (path) => ({ url: `${publishUrl}${path}`, caBundle }),
      trustedUsers,
    });
  return {
    loadAuthority: (now: number) =>
      loadAuthority({ kube, namespace, secretName: options.caSecret, now }),
    publish: publisher(kube, name, publishUrl === '' ? undefined : make),
    clock,
    sleep: (ms: number) => sleep(clock, ms, signal),
    dnsNames: [
      serviceName,
      `${serviceName}.${namespace}`,
      service,
      `${service}.cluster.local`,
      ...(publishUrl === '' ? [] : [new URL(publishUrl).hostname]),
    ],
  };
}

/** Without a certificate nothing can be served: tries until there is one or the process must end. */
async function firstCertificate(
  { clock, log }: Parts,
  certificates: Certificates,
  signal: AbortSignal,
): Promise<KeyPair | undefined> {
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return await certificates.prepare();
    } catch (error) {
      log.warn({ err: error, attempt }, 'cannot read or make the CA yet, trying again');
      const pauseMs = backoffMs(attempt, { baseMs: 500, maxMs: 15_000 }, () => 0);
      await sleep(clock, pauseMs, signal);
    }
  }
  return undefined;
}

async function maintain(
  { options, clock, log }: Parts,
  certificates: Certificates,
  signal: AbortSignal,
): Promise<void> {
  let ready = false;
  while (!signal.aborted) {
    try {
      await certificates.tick();
    } catch (error) {
      log.warn({ err: error }, 'cannot look after the CA bundle, trying again');
    }
    const reasons = certificates.notReady();
    if (reasons.length === 0 && !ready) log.info({}, 'CA bundle published');
    if (reasons.length > 0) log.debug({ reasons }, 'not ready');
    ready = reasons.length === 0;
    await sleep(clock, ready ? options.checkSeconds * 1000 : STARTING_MS, signal);
  }
}

function noteCertificate({ log, metrics }: Parts, leaf: KeyPair): void {
  const { validToDate } = new X509Certificate(leaf.cert);
  metrics.certificate(validToDate.getTime());
  log.info({ certificate: fingerprint(leaf.cert), notAfter: validToDate }, 'certificate in use');
}

if (import.meta.main) runProgram(run);
