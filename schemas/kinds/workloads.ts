import { boolean, int32, int64, list, map, optional, rule, struct } from './dsl.ts';
import { affinity, resourceRequirements, toleration } from './embedded.ts';
import { cellName, duration, text } from './scalars.ts';

const podAnnotations = map(text, {
  maxProperties: 20,
  rules: [
    rule(
      'self.all(k, k.size() < 64 && self[k].size() < 256)',
      'an annotation is too long: keep each key below 64 and each value below 256 characters',
    ),
  ],
});

const podLabels = map(text, {
  maxProperties: 20,
  rules: [
    rule(
      'self.all(k, k.size() < 64 && self[k].size() < 64)',
      'a label is too long: keep each key and each value below 64 characters',
    ),
  ],
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
    enabled: optional(boolean, 'Hold queries during a failover instead of failing them.'),
    window: optional(duration, 'Longest time that one query is held. Gateway default: 10s.'),
    maxFailoverDuration: optional(
      duration,
      'A failover longer than this ends the holding. Gateway default: 20s.',
    ),
    minTimeBetweenFailovers: optional(
      duration,
      'A failover that follows the last one sooner than this is not held. Gateway default: 1m.',
    ),
    size: optional(int32({ minimum: 1 }), 'Most queries held at a time. Gateway default: 1000.'),
    drainConcurrency: optional(
      int32({ minimum: 1 }),
      'Held queries released at a time once a primary is back. Gateway default: 1.',
    ),
  },
);

export const gateway = struct(
  'Gateway',
  'The multigateway pods of a cell.',
  { buffer: optional(gatewayBuffer, 'Holding of queries while a shard has no primary.') },
  { bases: [stateless] },
);

export const multiorch = struct(
  'Multiorch',
  'The multiorch pods of a shard, which watch its poolers and appoint a primary.',
  {
    placement: optional(placement, 'Where the pods may run.'),
    cells: optional(
      list(cellName, { listType: 'set', maxItems: 50 }),
      'Cells with multiorch pods. Empty: every cell of the cluster.',
    ),
  },
  { bases: [stateless] },
);

export const containerSpec = struct('ContainerSpec', 'One container of a pool pod.', {
  resources: optional(resourceRequirements, 'CPU and memory of the container.'),
  runAsUser: optional(int64({ minimum: 1 }), 'User id of the process. Root (0) is not possible.'),
  runAsGroup: optional(int64({ minimum: 0 }), 'Group id of the process.'),
});
