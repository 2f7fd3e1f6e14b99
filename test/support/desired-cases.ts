/** The cases of test/cases/desired with all that lies below them, and ways to look into them. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Container, KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { containersOf, descendantsOf, podSpecOf, readInput } from './desired.ts';

const ROOT = join(import.meta.dirname, '../cases/desired');
export const cases = readdirSync(ROOT).map((name) => ({
  name,
  objects: descendantsOf(readInput(join(ROOT, name, 'input.yaml'))),
}));
export const caseOf = (name: string): KubeObject[] =>
  cases.find((candidate) => candidate.name === name)?.objects ?? [];
export const ALL = cases.flatMap(({ objects }) => objects);

export interface Workload {
  object: KubeObject;
  pod: PodSpec;
}
export const workloadsOf = (objects: KubeObject[]): Workload[] =>
  objects.flatMap((object) => {
    const pod = podSpecOf(object);
    return pod === undefined ? [] : [{ object, pod }];
  });
export const WORKLOADS = workloadsOf(ALL);

export const each = (check: (container: Container, where: string, pod: PodSpec) => void): void => {
  assert.ok(WORKLOADS.length > 20);
  for (const { object, pod } of WORKLOADS) {
    for (const container of containersOf(pod)) {
      check(container, `${object.kind} ${object.metadata.name} ${container.name}`, pod);
    }
  }
};

export const find = (objects: KubeObject[], kind: string, part: string): KubeObject => {
  const found = objects.find((o) => o.kind === kind && o.metadata.name.includes(part));
  assert.ok(found, `${kind} ${part}`);
  return found;
};
export const podOf = (object: KubeObject): PodSpec => {
  const pod = podSpecOf(object);
  assert.ok(pod);
  return pod;
};
export const containerOf = (object: KubeObject, name: string): Container => {
  const found = containersOf(podOf(object)).find((c) => c.name === name);
  assert.ok(found, name);
  return found;
};
export const specOf = (object: KubeObject): Record<string, unknown> =>
  object.spec as Record<string, unknown>;

export const RUNTIME = ['postgres', 'multipooler', 'multiorch', 'multigateway', 'multiadmin'];
export const THREE = caseOf('three-cells-with-everything-below');
export const S3 = caseOf('shard-with-s3-encryption-and-its-own-users');
export const OTHER_PATH = caseOf('shard-with-backups-at-another-path-and-a-cloud-identity');
export const OPEN = caseOf('cluster-open-to-the-outside-with-certificates');
