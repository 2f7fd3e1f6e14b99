import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { createContext } from '../../webhook/context.ts';
import { POLICIES } from '../../webhook/policies/index.ts';
import type { PolicyKind } from '../../webhook/policies/policy.ts';
import { runPolicies } from '../../webhook/policies/run.ts';
import { describeFinding } from '../../webhook/policies/finding-text.ts';

const folder = path.join(import.meta.dirname, '../../examples');
const objects = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((file) =>
    parseAllDocuments(readFileSync(path.join(folder, file), 'utf8')).map((document) => ({
      file,
      object: document.toJS() as KubeObject,
    })),
  )
  .filter(({ object }) => object.apiVersion.startsWith('multigres.com/'));

const templates = (kind: string) =>
  Object.fromEntries(
    objects
      .filter(({ object }) => object.kind === kind)
      .map(({ object }) => [object.metadata.name, object]),
  );

/** A Kubernetes cluster that has what an object asks for: its zones, its Secret, its templates. */
const worldOf = ({ spec }: MultigresCluster) => ({
  nodes: (spec?.cells ?? []).map(({ name, zoneId }) => ({
    name,
    labels: { 'topology.kubernetes.io/zone': zoneId ?? '' },
  })),
  storageClasses: [{ name: 'standard', isDefault: true }],
  secrets: spec?.postgresPasswordSecretRef
    ? { [spec.postgresPasswordSecretRef.name]: [spec.postgresPasswordSecretRef.key] }
    : {},
  clusters: [],
  templates: {
    core: templates('CoreTemplate'),
    cell: templates('CellTemplate'),
    shard: templates('ShardTemplate'),
  } as Templates,
});

/** What examples for a single small machine are warned about, and may be. */
const TRYING_OUT: Record<string, string[]> = {
  'minimal.yaml': ['backup-shared-volume', 'write-headroom'],
  'etcd-per-cell.yaml': ['single-etcd'],
};

describe('examples', () => {
  for (const { file, object } of objects) {
    test(`${file}: ${object.kind} ${object.metadata.name} passes`, () => {
      const judged = runPolicies(
        POLICIES,
        createContext({
          operation: 'CREATE',
          kind: object.kind as PolicyKind,
          namespace: 'default',
          name: object.metadata.name,
          user: 'alice',
          trustedUsers: [],
          object,
          world: worldOf(object as MultigresCluster),
        }),
      );
      assert.deepEqual(judged.filter(({ mode }) => mode === 'deny').map(describeFinding), []);
      const ignored = TRYING_OUT[file] ?? [];
      const warnings = judged.filter(({ policy }) => !ignored.includes(policy.id));
      assert.deepEqual(warnings.map(describeFinding), []);
    });
  }
});
