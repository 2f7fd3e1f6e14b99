import assert from 'node:assert/strict';
import { test } from 'node:test';
import { telemetry } from '../../../controller/builders/otel.ts';

const ID = { cluster: 'c', namespace: 'n', projectRef: 'p' };
const env = (...args: Parameters<typeof telemetry>): Record<string, string | undefined> =>
  Object.fromEntries(telemetry(...args).env.map(({ name, value }) => [name, value]));
const OFF = {
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
};

test('off without an endpoint, or when disabled by the cluster or the operator', () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://o:4317' };
  assert.deepEqual(env(undefined, { otelEnv: {} }, ID, 'x'), OFF);
  assert.deepEqual(env({ tracesExporter: 'otlp' }, { otelEnv: {} }, ID, 'x'), OFF);
  assert.deepEqual(env({ otlpEndpoint: 'disabled' }, { otelEnv: endpoint }, ID, 'x'), OFF);
  const disabled = { OTEL_EXPORTER_OTLP_ENDPOINT: 'disabled' };
  assert.deepEqual(env(undefined, { otelEnv: disabled }, ID, 'x'), OFF);
});

test('fields win over the operator, which is used where a field is empty', () => {
  const otelEnv = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://o:4317', OTEL_TRACES_EXPORTER: 'console' };
  assert.deepEqual(env({ otlpEndpoint: '', tracesExporter: 'otlp' }, { otelEnv }, ID, 'x'), {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://o:4317',
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_RESOURCE_ATTRIBUTES: 'multigres.project=p,multigres.cluster=c,multigres.component=x',
  });
});

test('a metrics endpoint alone is enough; multiadmin gets no resource attributes', () => {
  const spec = { otlpMetricsEndpoint: 'http://m:4318' };
  assert.deepEqual(env(spec, { otelEnv: {} }, ID), {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://m:4318',
  });
});

test("the operator's own attributes stay, but for the three that name the component", () => {
  const otelEnv = { OTEL_RESOURCE_ATTRIBUTES: 'a=1, multigres.component=operator,b=2' };
  const spec = { otlpEndpoint: 'http://o' };
  assert.equal(
    env(spec, { otelEnv }, ID, 'x')['OTEL_RESOURCE_ATTRIBUTES'],
    'a=1,b=2,multigres.project=p,multigres.cluster=c,multigres.component=x',
  );
});

test('the sampling file is mounted where the variable says', () => {
  const spec = { otlpEndpoint: 'http://o', samplingConfigRef: { name: 's', key: 'k.yaml' } };
  const { volumes, mounts } = telemetry(spec, { otelEnv: {} }, ID, 'x');
  assert.equal(env(spec, { otelEnv: {} }, ID)['OTEL_TRACES_SAMPLER_CONFIG'], '/etc/otel/k.yaml');
  assert.deepEqual(volumes, [{ name: 'otel-sampling-config', configMap: { name: 's' } }]);
  assert.equal(mounts[0]?.mountPath, '/etc/otel');
});
