import { BUFFER_DEFAULTS, FAILOVER_DEFAULTS } from '../resolve/builtin.ts';
import { boolean, int32, int64, list, map, optional, ruled, type Rules, struct } from './dsl.ts';
import { affinity, resourceRequirements, toleration } from './parts.ts';
import { cellNames, duration, text } from './scalars.ts';

const podAnnotations = ruled(map(text, { maxProperties: 20 }), {
  'an annotation is too long: keep each key below 64 and each value below 256 characters':
    'self.all(k, k.size() < 64 && self[k].size() < 256)',
});

const podLabels = ruled(map(text, { maxProperties: 20 }), {
  'a label is too long: keep each key and each value below 64 characters':
    'self.all(k, k.size() < 64 && self[k].size() < 64)',
});

export const stateless = struct('Stateless', 'Pods of a component that keeps no data.', {
  replicas: optional(
    int32({ minimum: 0, maximum: 128 }),
    'Number of pods; for multigateway and multiorch the number per cell.',
  ),
  resources: optional(resourceRequirements, 'CPU and memory of the container.'),
  affinity: optional(affinity, 'Scheduling affinity of the pods.'),
  podAnnotations: optional(podAnnotations, 'Additional annotations of the pods.'),
  podLabels: optional(podLabels, "Additional labels of the pods. The operator's own labels win."),
});

export const placement = struct('Placement', 'Where pods may run.', {
  tolerations: optional(list(toleration), 'Taints that the pods tolerate.'),
});

export const gatewayBuffer = struct(
  'GatewayBuffer',
  'Holding of queries at the gateway while a shard has no primary.',
  {
    enabled: optional(
      boolean,
      `Hold queries during a failover instead of failing them. Default: ${BUFFER_DEFAULTS.enabled}.`,
    ),
    window: optional(
      duration,
      `Longest time that one query is held. Default: ${BUFFER_DEFAULTS.window}, or maxFailoverDuration where that is shorter.`,
    ),
    maxFailoverDuration: optional(
      duration,
      `A failover longer than this ends the holding. Default: ${BUFFER_DEFAULTS.maxFailoverDuration}, or window where that is longer.`,
    ),
    minTimeBetweenFailovers: optional(
      duration,
      `A failover that follows the last one sooner than this is not held. Default: ${BUFFER_DEFAULTS.minTimeBetweenFailovers}.`,
    ),
    size: optional(
      int32({ minimum: 1 }),
      `Most queries held at a time. Default: ${BUFFER_DEFAULTS.size}.`,
    ),
    drainConcurrency: optional(
      int32({ minimum: 1 }),
      `Held queries released at a time once a primary is back. Default: ${BUFFER_DEFAULTS.drainConcurrency}.`,
    ),
  },
);

export const gateway = struct('Gateway', 'The multigateway pods of a cell.', {
  ...stateless.fields,
  buffer: optional(gatewayBuffer, 'Holding of queries while a shard has no primary.'),
});

/** Shortest interval that the API takes. */
const LEAST_INTERVAL = '100ms';

/** multiorch ends itself on an interval of nothing, and a tiny one keeps its processor and the poolers busy. */
const notTooShort = (field: string): Rules => ({
  [`${field} is too short: give at least ${LEAST_INTERVAL}`]: `!has(self.${field}) || duration(self.${field}) >= duration('${LEAST_INTERVAL}')`,
});

export const failoverTimers = ruled(
  struct(
    'FailoverTimers',
    'When multiorch replaces a primary that is gone. Shorter means a shorter pause of writes.',
    {
      gracePeriod: optional(
        duration,
        `Wait between noticing that a primary is gone and electing another. Default: ${FAILOVER_DEFAULTS.gracePeriod}.`,
      ),
      gracePeriodJitter: optional(
        duration,
        `Divided into turns, one for the multiorch of each cell, so that two do not start an election at once: both would then pause for 4s. Default: ${FAILOVER_DEFAULTS.gracePeriodJitter}.`,
      ),
      healthCheckInterval: optional(
        duration,
        `How often each pooler is asked for its state. Default: ${FAILOVER_DEFAULTS.healthCheckInterval}.`,
      ),
      recoveryInterval: optional(
        duration,
        `How often the shard is looked at for something to mend. Default: ${FAILOVER_DEFAULTS.recoveryInterval}.`,
      ),
    },
  ),
  { ...notTooShort('healthCheckInterval'), ...notTooShort('recoveryInterval') },
);

export const multiorch = struct(
  'Multiorch',
  'The multiorch pods of a shard, which watch its poolers and appoint a primary.',
  {
    ...stateless.fields,
    placement: optional(placement, 'Where the pods may run.'),
    cells: optional(cellNames, 'Cells with multiorch pods. Empty: every cell of the cluster.'),
    failover: optional(failoverTimers, 'When a primary that is gone is replaced.'),
  },
);

export const containerSpec = struct('ContainerSpec', 'One container of a pool pod.', {
  resources: optional(resourceRequirements, 'CPU and memory of the container.'),
  runAsUser: optional(int64({ minimum: 1 }), 'User id of the process. Root (0) is not possible.'),
  runAsGroup: optional(int64({ minimum: 0 }), 'Group id of the process.'),
});
