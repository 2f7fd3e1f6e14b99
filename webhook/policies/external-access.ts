import { isIP } from 'node:net';
import { clusterOf, pointer } from './locate.ts';
import type { Finding, Policy } from './policy.ts';

const PARTS = ['externalGateway', 'externalAdminWeb'] as const;

export const externalIps: Policy = {
  id: 'external-ips',
  code: 'MG022',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
  mode: 'deny',
  summary: 'External addresses are IP addresses.',
  description: `The schema's pattern also takes addresses such as 999.1.1.1, which the Service would
refuse later. Checked only while the external access is enabled.`,
  good: `spec:
  externalGateway:
    enabled: true
    externalIPs: [192.0.2.10]`,
  bad: `spec:
  externalGateway:
    enabled: true
    externalIPs: [192.0.2.310]`,
  check(ctx) {
    const { spec } = clusterOf(ctx);
    return PARTS.flatMap((part) =>
      (spec?.[part]?.enabled ? (spec[part].externalIPs ?? []) : []).flatMap(
        (ip, index): Finding[] =>
          isIP(ip) !== 0
            ? []
            : [
                {
                  path: pointer('spec', part, 'externalIPs', index),
                  value: ip,
                  message: 'this is no IP address',
                  allowed: 'IPv4 addresses with numbers up to 255, or IPv6 addresses',
                  fix: 'correct the address',
                },
              ],
      ),
    );
  },
};

export const externalWithoutIps: Policy = {
  id: 'external-without-ips',
  code: 'MG023',
  kinds: ['MultigresCluster'],
  operations: ['CREATE', 'UPDATE'],
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
      fix: 'add externalIPs, or make sure that a load balancer gives the Service an address',
    }));
  },
};
