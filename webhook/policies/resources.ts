import { own } from '../../schemas/own.ts';
import { compareQuantity, parseQuantity } from '../../schemas/quantity.ts';
import type { Quantity, ResourceRequirements } from '../../schemas/k8s.ts';
import type { Finding } from './policy.ts';

/** Whose block of resources it is, for texts, and a JSON pointer to it. */
interface BlockPlace {
  owner: string;
  path: string;
}

/**
 * Limits below requests, and quantities that are none, in one block of resources.
 * @param where asked only when something is wrong: most blocks are right, and a cluster has dozens
 */
export function resourceFindings(
  resources: ResourceRequirements | undefined,
  where: () => BlockPlace,
): Finding[] {
  const findings: Finding[] = [];
  const { requests, limits } = resources ?? {};
  for (const name in limits) addLimitBelow(findings, { name, requests, limits }, where);
  for (const name in requests) addWrong(findings, { part: 'requests', name, all: requests }, where);
  for (const name in limits) addWrong(findings, { part: 'limits', name, all: limits }, where);
  return findings;
}

type Quantities = Readonly<Record<string, Quantity>>;

function addLimitBelow(
  findings: Finding[],
  {
    name,
    requests,
    limits,
  }: { name: string; requests: Quantities | undefined; limits: Quantities },
  where: () => BlockPlace,
): void {
  const [limit, request] = [own(limits, name), own(requests, name)];
  if (limit === undefined || request === undefined) return;
  if (compareQuantity(limit, request) !== -1) return;
  const { owner, path } = where();
  findings.push({
    path,
    value: String(limit),
    message: `${owner} has a ${name} limit of ${limit}, less than its request of ${request}`,
    brief: `${owner}: raise ${name} limit to its request`,
    allowed: `limits.${name} of at least ${request}`,
    fix: `raise limits.${name} to ${request} or lower requests.${name} to ${limit}`,
  });
}

function addWrong(
  findings: Finding[],
  { part, name, all }: { part: 'requests' | 'limits'; name: string; all: Quantities },
  where: () => BlockPlace,
): void {
  const quantity = own(all, name);
  if (quantity === undefined || isQuantity(quantity)) return;
  const { owner, path } = where();
  findings.push({
    path,
    value: quantity,
    message: `${owner} has ${part}.${name} of ${quantity}, which is no quantity above 0`,
    brief: `${owner}: ${part}.${name} is no amount above 0`,
    allowed: 'numbers above 0 with units, such as 100m, 2, 256Mi, 1Gi',
    fix: `write for example ${EXAMPLES[name] ?? '1'}, or leave it out`,
  });
}

const EXAMPLES: Readonly<Record<string, string>> = {
  cpu: '100m',
  memory: '256Mi',
  'ephemeral-storage': '1Gi',
};

function isQuantity(quantity: Quantity): boolean {
  const value = parseQuantity(quantity);
  return value !== undefined && value > 0n;
}
