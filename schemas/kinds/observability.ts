import {
  defaulted,
  enumeration,
  type Field,
  inline,
  optional,
  required,
  struct,
  type StructSchema,
} from './dsl.ts';
import { logLevel, text } from './scalars.ts';

const exporter = enumeration(['otlp', 'none', 'console']);

type Component = 'pgctld' | 'multipooler' | 'multiorch' | 'multiadmin' | 'multigateway';

const logLevelsWith = (field: (component: Component) => Field): StructSchema =>
  struct('LogLevels', 'How much each component logs. Default: info.', {
    pgctld: field('pgctld'),
    multipooler: field('multipooler'),
    multiorch: field('multiorch'),
    multiadmin: field('multiadmin'),
    multigateway: field('multigateway'),
  });

export const logLevels = logLevelsWith((component) => optional(logLevel, `Level of ${component}.`));

/** The same with defaults that are stored. */
export const logLevelsFrom = (levels: Readonly<Record<Component, string>>): StructSchema =>
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
