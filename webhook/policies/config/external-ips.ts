import { isIP } from 'node:net';
import { clusterOf, pointer } from '../locate.ts';
import { CLUSTER_WRITES, type Policy } from '../policy.ts';

export const PARTS = ['externalGateway', 'externalAdminWeb'] as const;

export const externalIps: Policy = {
  id: 'external-ips',
  code: 'MG022',
  ...CLUSTER_WRITES,
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
      (spec?.[part]?.enabled ? (spec[part].externalIPs ?? []) : []).flatMap((ip, index) =>
        isIP(ip) !== 0
          ? []
          : {
              path: pointer('spec', part, 'externalIPs', index),
              value: ip,
              message: 'this is no IP address',
              allowed: 'IPv4 addresses with numbers up to 255, or IPv6 addresses',
              fix: 'correct the address',
            },
      ),
    );
  },
};
