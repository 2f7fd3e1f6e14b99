import { defaulted, enumeration, inline, optional, required, struct } from './dsl.ts';
import { logLevel, text } from './scalars.ts';

const exporter = enumeration(['otlp', 'none', 'console']);

export const logLevels = struct('LogLevels', 'How much each component logs. Default: info.', {
  pgctld: optional(logLevel, 'Level of pgctld.'),
  multipooler: optional(logLevel, 'Level of multipooler.'),
  multiorch: optional(logLevel, 'Level of multiorch.'),
  multiadmin: optional(logLevel, 'Level of multiadmin.'),
  multigateway: optional(logLevel, 'Level of multigateway.'),
});

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
