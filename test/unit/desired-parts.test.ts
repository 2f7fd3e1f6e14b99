/** What must hold for single parts of a cluster: etcd, poolers, orchestrators, gateways, backups, certificates. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownerReference } from '../../controller/builders/owner.ts';
import type { Container, KubeObject } from '../../schemas/k8s.ts';
import { LABELS } from '../../schemas/labels.ts';
import { containersOf } from '../support/desired.ts';
import {
  ALL,
  OPEN,
  OTHER_PATH,
  S3,
  THREE,
  WORKLOADS,
  caseOf,
  cases,
  containerOf,
  each,
  find,
  podOf,
  specOf,
  workloadsOf,
} from '../support/desired-cases.ts';

test('global and local etcd never select each other', () => {
  const selectors = [
    ...caseOf('etcd-of-three-members-in-a-zone'),
    ...THREE.filter(({ metadata }) => metadata.name.includes('global-topo')),
  ]
    .filter(({ kind }) => kind === 'Service')
    .map((o) => specOf(o)['selector'] as Record<string, string>);
  for (const selector of selectors) assert.ok(selector[LABELS.toposerver]);
});

test('each pooler is reached by a Service of its own, also before it is ready', () => {
  for (const { metadata } of THREE.filter(({ kind }) => kind === 'Pod')) {
    const own = THREE.find((o) => o.kind === 'Service' && o.metadata.name === metadata.name);
    assert.ok(own, metadata.name);
    assert.equal(specOf(own)['publishNotReadyAddresses'], true);
    assert.equal(
      (specOf(own)['selector'] as Record<string, string>)[LABELS.index],
      metadata.labels?.[LABELS.index],
    );
  }
});

test('addresses that components register can be resolved by others', () => {
  const flag = (container: Container): string | undefined =>
    container.args?.find((arg) => arg.startsWith('--hostname='));
  each((container, where) => {
    if (container.name === 'multipooler') {
      assert.equal(flag(container), '--hostname=$(POD_NAME).$(POD_NAMESPACE).svc', where);
    }
    if (container.name === 'multigateway' || container.name === 'multiorch') {
      assert.equal(flag(container), '--hostname=$(POD_IP)', where);
    }
    const names = container.env?.map(({ name }) => name) ?? [];
    for (const arg of container.args ?? []) {
      for (const [, name] of arg.matchAll(/\$\((\w+)\)/g)) assert.ok(names.includes(name ?? ''));
    }
  });
});

test('an orchestrator keeps its identity over restarts and never runs twice under it', () => {
  const fixed = find(THREE, 'Deployment', 'multiorch-zone-a');
  assert.ok(containerOf(fixed, 'multiorch').args?.includes('--service-id=o-3fee42c5'));
  const double = find(S3, 'Deployment', 'multiorch-eu-1');
  assert.ok(containerOf(double, 'multiorch').args?.includes('--service-id=o-$(POD_UID)'));
  for (const object of [fixed, double]) {
    assert.deepEqual(specOf(object)['strategy'], { type: 'Recreate' });
  }
});

test('a shard has one budget over all cells, a number that lets one pod go', () => {
  const budgets = THREE.filter(
    ({ kind, metadata }) =>
      kind === 'PodDisruptionBudget' && metadata.labels?.[LABELS.component] === 'shard-pool',
  );
  assert.deepEqual(
    budgets.map((budget) => specOf(budget)['minAvailable']),
    [2],
  );
  const { matchLabels } = specOf(budgets[0] as KubeObject)['selector'] as {
    matchLabels: Record<string, string>;
  };
  assert.equal(matchLabels[LABELS.cell], undefined);
  assert.equal(matchLabels[LABELS.pool], undefined);
});

test('no pod is under two budgets: the API server refuses every eviction of such a pod', () => {
  for (const { name, objects } of cases) {
    const selectors = objects
      .filter(({ kind }) => kind === 'PodDisruptionBudget')
      .map((o) => (specOf(o)['selector'] as { matchLabels: Record<string, string> }).matchLabels);
    for (const { object } of workloadsOf(objects)) {
      const template = specOf(object)['template'] as { metadata: KubeObject['metadata'] };
      const labels = object.kind === 'Pod' ? object.metadata.labels : template.metadata.labels;
      const over = selectors.filter((selector) =>
        Object.entries(selector).every(([key, value]) => labels?.[key] === value),
      );
      assert.ok(over.length <= 1, `${name} ${object.metadata.name}`);
    }
  }
});

test('backups are mounted where the topology record says, in both containers', () => {
  const pod = find(OTHER_PATH, 'Pod', 'pool-a');
  for (const name of ['postgres', 'multipooler']) {
    const mounts = containerOf(pod, name).volumeMounts ?? [];
    assert.equal(mounts.find((mount) => mount.name === 'backup-data')?.mountPath, '/srv/repo');
  }
  const claims = OTHER_PATH.filter(({ kind }) => kind === 'PersistentVolumeClaim');
  assert.equal(claims.filter(({ metadata }) => metadata.name.startsWith('backup-data')).length, 1);
});

test('with S3 there is no shared volume, and both containers can reach the bucket', () => {
  assert.equal(
    S3.some(({ metadata }) => metadata.name.startsWith('backup-data')),
    false,
  );
  const pod = find(S3, 'Pod', 'pool-main');
  for (const name of ['postgres', 'multipooler']) {
    const env = containerOf(pod, name).env?.map((variable) => variable.name) ?? [];
    for (const key of ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) {
      assert.ok(env.includes(key), `${name} ${key}`);
    }
  }
});

test('a cloud identity is used only for S3', () => {
  assert.equal(podOf(find(OTHER_PATH, 'Pod', 'pool-a')).serviceAccountName, undefined);
  assert.equal(podOf(find(OPEN, 'Pod', 'pool-default')).serviceAccountName, 'backup');
});

test('a pod of the pool may take as long to stop as the runtime may need', () => {
  const pod = find(THREE, 'Pod', 'pool');
  assert.ok(Number(podOf(pod).terminationGracePeriodSeconds) >= 60);
  assert.ok(containerOf(pod, 'multipooler').args?.includes('--onterm-timeout=35s'));
  assert.equal(containerOf(pod, 'postgres').restartPolicy, 'Always', 'a sidecar stops last');
});

test('gateways wait for their endpoints to go and are replaced one up, none down', () => {
  const gateway = find(THREE, 'Deployment', 'zone-a-multigateway');
  const drain = containerOf(gateway, 'multigateway').lifecycle;
  assert.deepEqual(drain, { preStop: { sleep: { seconds: 5 } } });
  assert.deepEqual(specOf(gateway)['strategy'], {
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
  });
});

test('pods that do the same keep off one host', () => {
  for (const { object, pod } of WORKLOADS) {
    const affinity = pod.affinity as Record<string, Record<string, unknown>>;
    const terms = affinity['podAntiAffinity']?.['preferredDuringSchedulingIgnoredDuringExecution'];
    const keys = (terms as { podAffinityTerm: { topologyKey: string } }[]).map(
      (term) => term.podAffinityTerm.topologyKey,
    );
    assert.ok(keys.includes('kubernetes.io/hostname'), object.metadata.name);
  }
});

test('multiadmin uses the topology that the cluster has', () => {
  const { args } = containerOf(find(OPEN, 'Deployment', 'multiadmin'), 'multiadmin');
  assert.ok(
    args?.some((arg) =>
      arg.startsWith('--topo-global-server-addresses=https://etcd-0.example:2379,https://'),
    ),
  );
  assert.ok(args?.includes('--topo-global-root=/shop'));
  assert.equal(
    OPEN.some(({ kind }) => kind === 'TopoServer'),
    false,
  );
});

test('the web interface knows the password, by reference', () => {
  const { env } = containerOf(find(OPEN, 'Deployment', 'multiadmin-web'), 'multiadmin-web');
  assert.deepEqual(env?.find(({ name }) => name === 'POSTGRES_PASSWORD')?.valueFrom, {
    secretKeyRef: { name: 'pw', key: 'password' },
  });
});

test('mutual TLS: servers that others call carry the name that callers check', () => {
  const certificates = OPEN.filter(({ kind }) => kind === 'Certificate');
  const pooler = 'multipooler.shop.shops.multigres.internal';
  const named = certificates.filter((o) => (specOf(o)['dnsNames'] as string[]).includes(pooler));
  assert.deepEqual(named.map(({ metadata }) => metadata.name).toSorted(), [
    'multigateway.shop.shops.multigres.internal',
    'multiorch.shop.shops.multigres.internal',
    pooler,
  ]);
  const secrets = certificates.map((o) => specOf(o)['secretName']);
  assert.ok(secrets.includes('shop-generated-certs'), 'named by cluster');
  for (const certificate of certificates) {
    assert.deepEqual(specOf(certificate)['issuerRef'], {
      name: 'ours',
      kind: 'Issuer',
      group: 'cert-manager.io',
    });
  }
  for (const { object, pod } of workloadsOf(OPEN)) {
    for (const { name, args } of containersOf(pod)) {
      if (!['multigateway', 'multiorch', 'multiadmin', 'multipooler'].includes(name)) continue;
      assert.ok(
        args?.some((arg) => arg.startsWith('--grpc-ca=')),
        object.metadata.name,
      );
    }
  }
});

test('no value is undefined', () => {
  const check = (value: unknown, path: string): void => {
    assert.notEqual(value, undefined, path);
    if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) check(inner, `${path}.${key}`);
    }
  };
  for (const object of ALL) check(object, `${object.kind} ${object.metadata.name}`);
});

test('an owner is referred to only if it exists', () => {
  const owner: KubeObject = { apiVersion: 'multigres.com/v1alpha1', kind: 'Cell', metadata: { name: 'c', namespace: 'n', uid: 'u' } }; // prettier-ignore
  assert.deepEqual(ownerReference(owner), {
    apiVersion: 'multigres.com/v1alpha1',
    kind: 'Cell',
    name: 'c',
    uid: 'u',
    controller: true,
    blockOwnerDeletion: true,
  });
  assert.throws(() => ownerReference({ ...owner, metadata: { name: 'c', namespace: 'n' } }));
});
