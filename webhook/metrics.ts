import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import eventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js';
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import heapSpacesSizeAndUsed from 'prom-client/lib/metrics/heapSpacesSizeAndUsed.js';
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js';
import processCpuTotal from 'prom-client/lib/metrics/processCpuTotal.js';
import processHandles from 'prom-client/lib/metrics/processHandles.js';
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import processRequests from 'prom-client/lib/metrics/processRequests.js';
import processResources from 'prom-client/lib/metrics/processResources.js';
import processStartTime from 'prom-client/lib/metrics/processStartTime.js';
import version from 'prom-client/lib/metrics/version.js';
import { KINDS } from '../schemas/k8s.ts';
import type { Judged } from './policies/policy.ts';
import type { AdmissionRequest, Verdict } from './review.ts';

export interface WebhookMetrics {
  /** Notes one answered review. */
  review(step: string, request: AdmissionRequest, verdict: Verdict, seconds: number): void;
  findings(judged: readonly Judged[]): void;
  /** A policy that somebody was allowed to set aside, once. */
  bypass(policy: string): void;
  /** Entries of the ConfigMap that could not be read. */
  configProblems(count: number): void;
  /** A request that was refused before it was a review, by HTTP status. */
  refused(status: number): void;
  /** `notAfter` in milliseconds since the epoch. */
  certificate(notAfter: number): void;
  page(): Promise<{ contentType: string; body: string }>;
}

export function createWebhookMetrics(): WebhookMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectProcessMetrics(registry);
  const reviews = new Counter({
    name: 'multigres_operator_webhook_request_total',
    help: 'Admission reviews: `result` is error for a failure of the webhook itself, else success; `verdict` is the answer.',
    labelNames: ['step', 'resource', 'operation', 'result', 'verdict'],
    registers,
  });
  const seconds = new Histogram({
    name: 'multigres_operator_webhook_request_duration_seconds',
    help: 'Time to answer an admission review.',
    labelNames: ['step', 'resource', 'operation'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const findings = new Counter({
    name: 'multigres_webhook_findings_total',
    help: 'Findings by policy and mode (deny or warn).',
    labelNames: ['policy', 'mode'],
    registers,
  });
  const bypasses = new Counter({
    name: 'multigres_webhook_bypass_total',
    help: 'Requests that passed because somebody was allowed to set a policy aside.',
    labelNames: ['policy'],
    registers,
  });
  const configProblems = new Counter({
    name: 'multigres_webhook_policy_config_errors_total',
    help: 'Entries of the ConfigMap of policies that could not be read; the last good ones stay.',
    registers,
  });
  const refused = new Counter({
    name: 'multigres_webhook_refused_requests_total',
    help: 'Requests that are no admission review, by HTTP status.',
    labelNames: ['status'],
    registers,
  });
  const certificate = new Gauge({
    name: 'multigres_webhook_certificate_expiry_timestamp_seconds',
    help: 'End of the serving certificate, in seconds since the epoch.',
    registers,
  });
  return {
    review(step, { kind, operation }, verdict, duration) {
      // Whoever reaches the port chooses the text: a series for each would fill the memory.
      const known = Object.hasOwn(KINDS, kind.kind) ? kind.kind : 'other';
      const outcome = outcomeOf(verdict);
      const result = outcome === 'error' ? 'error' : 'success';
      reviews.inc({ step, resource: known, operation, result, verdict: outcome });
      seconds.observe({ step, resource: known, operation }, duration);
    },
    findings(judged) {
      for (const { policy, mode } of judged) findings.inc({ policy: policy.id, mode });
    },
    bypass: (policy) => bypasses.inc({ policy }),
    configProblems: (count) => configProblems.inc(count),
    refused: (status) => refused.inc({ status }),
    certificate: (notAfter) => certificate.set(notAfter / 1000),
    page: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

/** `allowed`, `denied`, or `error` for failures of ours. */
export function outcomeOf(verdict: Verdict): 'allowed' | 'denied' | 'error' {
  if (verdict.allowed) return 'allowed';
  return verdict.code === 500 ? 'error' : 'denied';
}

const COLLECTED = [
  eventLoopLag,
  heapSizeAndUsed,
  heapSpacesSizeAndUsed,
  osMemoryHeap,
  processCpuTotal,
  processHandles,
  processMaxFileDescriptors,
  processOpenFileDescriptors,
  processRequests,
  processResources,
  processStartTime,
  version,
];
/** As prom-client's own: the event loop is looked at this often. */
const PRECISION_MS = 10;

/**
 * What prom-client tells of any process, without the durations of garbage collections: these come by an
 * observer that is called for each one, dozens of times a second under load, and took 3 % of all CPU.
 */
function collectProcessMetrics(registry: Registry): void {
  for (const collect of COLLECTED) {
    collect(registry, { eventLoopMonitoringPrecision: PRECISION_MS });
  }
}
