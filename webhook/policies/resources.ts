import { own } from '../../schemas/own.ts';
import { compareQuantity, parseQuantity } from '../../schemas/quantity.ts';
import type { Quantity, ResourceRequirements } from '../../schemas/k8s.ts';
import type { Finding } from './policy.ts';

/** Limits below requests, and quantities that are none, in one block of resources. */
export function resourceFindings(
  resources: ResourceRequirements | undefined,
  owner: string,
  path: string,
): Finding[] {
  const findings: Finding[] = [];
  for (const [name, limit] of Object.entries(resources?.limits ?? {})) {
    const request = own(resources?.requests, name);
    if (request === undefined || compareQuantity(limit, request) !== -1) continue;
    findings.push({
      path,
      value: String(limit),
      message: `${owner} has a ${name} limit of ${limit}, less than its request of ${request}`,
      allowed: `limits.${name} of at least ${request}`,
      fix: `raise limits.${name} to ${request} or lower requests.${name} to ${limit}`,
    });
  }
  for (const part of ['requests', 'limits'] as const) {
    for (const [name, quantity] of Object.entries(resources?.[part] ?? {})) {
      if (isQuantity(quantity)) continue;
      findings.push({
        path,
        value: quantity,
        message: `${owner} has ${part}.${name} that is no quantity above 0`,
        allowed: 'numbers above 0 with units, such as 100m, 2, 256Mi, 1Gi',
        fix: `write for example ${name === 'cpu' ? '100m' : '256Mi'}`,
      });
    }
  }
  return findings;
}

function isQuantity(quantity: Quantity): boolean {
  const value = parseQuantity(quantity);
  return value !== undefined && value > 0n;
}
