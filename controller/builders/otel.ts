import type { Observability } from '../../schemas/types.ts';
import { listOf } from '../../schemas/text.ts';
import type { BuildContext } from './context.ts';
import { envOf } from './env.ts';
import type { Identity } from './meta.ts';
import type { PodPart } from './pod.ts';

export type Telemetry = Required<Omit<PodPart, 'args'>>;

/** Value of `otlpEndpoint` (or of the operator's variable) that switches telemetry off. */
const DISABLED = 'disabled';
const SAMPLING_DIR = '/etc/otel';
const SAMPLING_VOLUME = 'otel-sampling-config';
const DEFAULT_SAMPLING_KEY = 'sampling-config.yaml';

/** Field of `spec.observability` by variable; an empty field falls back to the operator's variable. */
const FIELDS: Record<string, Exclude<keyof Observability, 'samplingConfigRef'>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'otlpEndpoint',
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'otlpMetricsEndpoint',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'otlpProtocol',
  OTEL_TRACES_EXPORTER: 'tracesExporter',
  OTEL_METRICS_EXPORTER: 'metricsExporter',
  OTEL_LOGS_EXPORTER: 'logsExporter',
  OTEL_METRIC_EXPORT_INTERVAL: 'metricExportInterval',
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'metricsTemporality',
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'histogramAggregation',
  OTEL_TRACES_SAMPLER: 'tracesSampler',
};

/** Without an endpoint the runtime's exporters would try localhost for ever. */
const OFF: Telemetry = {
  env: envOf({
    OTEL_TRACES_EXPORTER: 'none',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  }),
  volumes: [],
  mounts: [],
};

const resourceAttributes = (inherited: string, id: Identity, component: string): string => {
  const ours = {
    'multigres.project': id.projectRef,
    'multigres.cluster': id.cluster,
    'multigres.component': component,
  };
  const others = listOf(inherited).filter(
    (pair) => !Object.hasOwn(ours, pair.split('=')[0]?.trim() ?? ''),
  );
  return [...others, ...Object.entries(ours).map(([key, value]) => `${key}=${value}`)].join(',');
};

/**
 * OpenTelemetry of one container. `component` is absent for multiadmin, which gets no resource
 * attributes.
 */
export const telemetry = (
  spec: Observability | undefined,
  ctx: Pick<BuildContext, 'otelEnv'>,
  id: Identity,
  component?: string,
): Telemetry => {
  const values = Object.entries(FIELDS).flatMap(([name, field]) => {
    const value = spec?.[field] || ctx.otelEnv[name] || '';
    return value === '' ? [] : [{ name, value }];
  });
  const endpoint = values.find(({ name }) => name === 'OTEL_EXPORTER_OTLP_ENDPOINT')?.value;
  const metrics = values.find(({ name }) => name === 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT')?.value;
  if (endpoint === DISABLED || (endpoint === undefined && metrics === undefined)) return OFF;

  const env = [...values];
  if (component !== undefined) {
    const inherited = ctx.otelEnv['OTEL_RESOURCE_ATTRIBUTES'] ?? '';
    const value = resourceAttributes(inherited, id, component);
    env.push({ name: 'OTEL_RESOURCE_ATTRIBUTES', value });
  }
  const sampling = spec?.samplingConfigRef;
  if (sampling === undefined) return { env, volumes: [], mounts: [] };
  const value = `${SAMPLING_DIR}/${sampling.key ?? DEFAULT_SAMPLING_KEY}`;
  return {
    env: [...env, { name: 'OTEL_TRACES_SAMPLER_CONFIG', value }],
    volumes: [{ name: SAMPLING_VOLUME, configMap: { name: sampling.name } }],
    mounts: [{ name: SAMPLING_VOLUME, mountPath: SAMPLING_DIR, readOnly: true }],
  };
};
