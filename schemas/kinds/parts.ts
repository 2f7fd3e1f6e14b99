import {
  boolean,
  defaulted,
  embedded,
  enumeration,
  type Field,
  inline,
  int64,
  list,
  map,
  optional,
  required,
  ruled,
  type Rules,
  string,
  struct,
  type TypeOf,
} from './dsl.ts';
import { imageRef, ipAddress, logLevel, phase, pullPolicy, pvcRetention, text } from './scalars.ts';

/** Structs and fields that several kinds have in common. */

export const affinity = embedded('Affinity');
const condition = embedded('Condition');
const localObjectReference = embedded('LocalObjectReference');
export const resourceRequirements = embedded('ResourceRequirements');
export const toleration = embedded('Toleration');

export const storage = struct('Storage', 'A persistent volume.', {
  size: optional(
    string({
      maxLength: 63,
      pattern: '^([0-9]+)(.+)$',
      patternText: 'a Kubernetes quantity such as 10Gi',
    }),
    'Size of the volume as a Kubernetes quantity, for example 10Gi. It can grow, never shrink.',
  ),
  class: optional(
    string({ minLength: 1, maxLength: 63 }),
    "StorageClass of the volume. Absent: the cluster's default StorageClass.",
  ),
  accessModes: optional(list(text), 'Access modes of the volume. Empty: ReadWriteOnce.'),
});

const PVC_POLICY_DOC =
  'What happens to PersistentVolumeClaims, and the data on them, when their owner goes.';
const WHEN_DELETED = 'When the owning object is deleted: keep the volumes or delete them.';
const WHEN_SCALED =
  'When the number of replicas shrinks: keep the volumes of removed pods or delete them.';

export const pvcPolicy = struct('PvcPolicy', PVC_POLICY_DOC, {
  whenDeleted: defaulted(pvcRetention, 'Retain', WHEN_DELETED),
  whenScaled: defaulted(pvcRetention, 'Delete', WHEN_SCALED),
});

/**
 * The same below a list of the user's, where nothing is written by others: `kubectl apply` would take
 * it out and the API server put it in again, each time. The same defaults are resolved later.
 */
export const pvcPolicyInList = struct('PvcPolicy', PVC_POLICY_DOC, {
  whenDeleted: optional(pvcRetention, `${WHEN_DELETED} Absent: Retain.`),
  whenScaled: optional(pvcRetention, `${WHEN_SCALED} Absent: Delete.`),
});

export const componentImages = struct('ComponentImages', 'One image for each component.', {
  multigateway: optional(imageRef, 'Image of multigateway.'),
  multiorch: optional(imageRef, 'Image of multiorch.'),
  multipooler: optional(imageRef, 'Image of multipooler.'),
  multiadmin: optional(imageRef, 'Image of multiadmin.'),
  multiadminWeb: optional(imageRef, 'Image of multiadmin-web.'),
  postgres: optional(imageRef, 'Image of Postgres with pgctld.'),
});

export const imagePull = struct('ImagePull', 'How images are pulled.', {
  imagePullPolicy: optional(pullPolicy, 'When to pull. Default: IfNotPresent.'),
  imagePullSecrets: optional(list(localObjectReference), 'Secrets for private image registries.'),
});

export const shardImages = struct('ShardImages', 'The images of a shard.', {
  ...imagePull.fields,
  multiorch: required(imageRef, 'Image of multiorch.'),
  multipooler: required(imageRef, 'Image of multipooler.'),
  postgres: required(imageRef, 'Image of Postgres with pgctld.'),
});

const name253 = string({ minLength: 1, maxLength: 253 });

export const pgConfRef = struct(
  'PgConfRef',
  'Deprecated, use postgresConfig. A key of a ConfigMap with lines for postgresql.conf.',
  {
    name: required(name253, 'Name of the ConfigMap.'),
    key: required(name253, 'Key in the ConfigMap.'),
  },
);

export const postgresConfig = map(text, { maxProperties: 200 });

export const passwordRef = struct(
  'PasswordRef',
  "A key of a Secret with the superuser's password.",
  {
    name: required(
      string({
        minLength: 1,
        maxLength: 253,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
        patternText: "the name of a Secret: lower-case letters, digits, '-' and '.'",
      }),
      'Name of the Secret.',
    ),
    key: required(
      string({
        minLength: 1,
        maxLength: 253,
        pattern: '^[-._a-zA-Z0-9]+$',
        patternText: "a key of a Secret: letters, digits, '-', '_' and '.'",
      }),
      'Key in the Secret.',
    ),
  },
);

export const internalTls = struct('InternalTls', 'TLS between the components.', {
  enabled: optional(boolean, 'Use mutual TLS with certificates of cert-manager. Default: false.'),
});

export const pruning = struct('Pruning', 'Removal of stale topology records.', {
  enabled: optional(boolean, 'Remove records of cells and poolers that are gone. Default: true.'),
});

export const external = struct('External', 'Access to a Service from outside.', {
  enabled: required(boolean, 'Make the Service reachable from outside.'),
  externalIPs: optional(list(ipAddress, { maxItems: 10 }), 'External addresses of the Service.'),
  annotations: optional(
    ruled(map(text, { maxProperties: 20 }), {
      'annotations that begin with multigres.com/ belong to the operator: use another prefix':
        "self.all(k, !k.startsWith('multigres.com/'))",
    }),
    'Additional annotations of the Service.',
  ),
});

const exporter = enumeration(['otlp', 'none', 'console']);

type Component = 'pgctld' | 'multipooler' | 'multiorch' | 'multiadmin' | 'multigateway';

const logLevelsWith = (field: (component: Component) => Field<typeof logLevel, false>) =>
  struct('LogLevels', 'How much each component logs. Default: info.', {
    pgctld: field('pgctld'),
    multipooler: field('multipooler'),
    multiorch: field('multiorch'),
    multiadmin: field('multiadmin'),
    multigateway: field('multigateway'),
  });

export const logLevels = logLevelsWith((component) => optional(logLevel, `Level of ${component}.`));

/** The same with defaults that are stored. */
export const logLevelsFrom = (levels: Readonly<Record<Component, TypeOf<typeof logLevel>>>) =>
  logLevelsWith((component) => defaulted(logLevel, levels[component], `Level of ${component}.`));

export const observability = struct(
  'Observability',
  "OpenTelemetry settings of all components. What is absent is taken from the operator's own environment.",
  {
    otlpEndpoint: optional(
      text,
      'Address of the collector (OTEL_EXPORTER_OTLP_ENDPOINT); `disabled` switches telemetry off.',
    ),
    otlpMetricsEndpoint: optional(
      text,
      'Address of the collector for metrics alone (OTEL_EXPORTER_OTLP_METRICS_ENDPOINT).',
    ),
    otlpProtocol: optional(
      enumeration(['http/protobuf', 'grpc']),
      'Protocol to the collector (OTEL_EXPORTER_OTLP_PROTOCOL).',
    ),
    tracesExporter: optional(exporter, 'Where traces go (OTEL_TRACES_EXPORTER).'),
    metricsExporter: optional(exporter, 'Where metrics go (OTEL_METRICS_EXPORTER).'),
    logsExporter: optional(exporter, 'Where logs go (OTEL_LOGS_EXPORTER).'),
    metricExportInterval: optional(
      text,
      'Milliseconds between two exports of metrics (OTEL_METRIC_EXPORT_INTERVAL).',
    ),
    metricsTemporality: optional(
      enumeration(['cumulative', 'delta']),
      'Temporality of metrics (OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE).',
    ),
    histogramAggregation: optional(
      enumeration(['base2_exponential_bucket_histogram', 'explicit_bucket_histogram']),
      'Form of histograms (OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION).',
    ),
    tracesSampler: optional(text, 'Name of the sampler (OTEL_TRACES_SAMPLER).'),
    samplingConfigRef: optional(
      inline({
        name: required(text, 'Name of the ConfigMap.'),
        key: defaulted(text, 'sampling-config.yaml', 'Key in the ConfigMap.'),
      }),
      'ConfigMap with the configuration of the sampler, mounted at /etc/otel.',
    ),
  },
);

/** What the status of every kind begins with. */
export const commonStatus = {
  observedGeneration: optional(int64(), 'Generation of the spec that this status is about.'),
  conditions: optional(
    list(condition, { listType: 'map', key: 'type' }),
    'What is so and what is not, each with a reason.',
  ),
  phase: optional(phase, 'The state in one word.'),
  message: optional(text, 'The state in one sentence.'),
};

/** jsonPath of the status of one condition. */
export const conditionPath = (type: string): string =>
  `.status.conditions[?(@.type=='${type}')].status`;

/** What is written out stands alone; a template can be changed by overrides. */
export const specExcludes = (template: string): Rules => ({
  [`spec and ${template} exclude each other: use overrides to change what a template says`]: `!(has(self.spec) && has(self.${template}))`,
  'spec and overrides exclude each other: move the overrides into spec':
    '!(has(self.spec) && has(self.overrides))',
});
