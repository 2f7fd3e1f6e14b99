/** The default metrics one by one: modules that prom-client ships and does not declare. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';

  /** `eventLoopMonitoringPrecision` in milliseconds, see `collectDefaultMetrics`. */
  const collect: (registry: Registry, config: { eventLoopMonitoringPrecision: number }) => void;
  export default collect;
}
