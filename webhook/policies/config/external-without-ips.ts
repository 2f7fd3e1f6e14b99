import { clusterOf, pointer } from '../locate.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';
import { PARTS } from './external-ips.ts';

export const externalWithoutIps: Policy = {
  id: 'external-without-ips',
  code: 'MG023',
  ...CLUSTER_WRITES,
  mode: 'warn',
  summary: 'External access that is enabled names its addresses.',
  description: `Without \`externalIPs\` the Service gets an address only if something else in the cluster
gives it one. Where nothing does, the endpoint stays empty and the condition GatewayExternalReady (or
AdminWebExternalReady) stays False.`,
  good: `spec:
  externalGateway:
    enabled: true
    externalIPs: [192.0.2.10]`,
  bad: `spec:
  externalGateway:
    enabled: true`,
  check(ctx) {
    const { spec } = clusterOf(ctx);
    return PARTS.filter(
      (part) => spec?.[part]?.enabled && (spec[part].externalIPs ?? []).length === 0,
    ).map((part) => ({
      path: pointer('spec', part),
      message: 'external access is enabled without any address',
      allowed: 'externalIPs with 1 to 10 addresses',
      brief: `${part} has no address: add externalIPs, or have a load balancer give one`,
      fix: 'add externalIPs, or make sure that a load balancer gives the Service an address',
    }));
  },
};
