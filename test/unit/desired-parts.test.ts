/** What must hold for single parts of a cluster: etcd, poolers, orchestrators, gateways, backups, certificates. */
import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ownerReference } from '../../controller/builders/owner.ts';
import { sharedMemoryOf } from '../../controller/shard/desired/postgres-sizing.ts';
import type { Container, KubeObject, ResourceRequirements } from '../../schemas/k8s.ts';
import { LABELS } from '../../schemas/labels.ts';
import type { Pool } from '../../schemas/types.ts';
import { isUnder } from '../support/budgets.ts';
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

test('no pod is under two budgets: the API server refuses every eviction of such a pod', () => {
  for (const { name, objects } of cases) {
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
    for (const { object } of workloadsOf(objects)) {
      const template = specOf(object)['template'] as { metadata: KubeObject['metadata'] };
      const labels = object.kind === 'Pod' ? object.metadata.labels : template.metadata.labels;
      const over = budgets.filter((budget) => isUnder(budget, labels)).length;
      const where = `${name} ${object.metadata.name}`;
      if (object.kind === 'Pod') assert.equal(over, 1, where);
      else assert.ok(over <= 1, where);
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

test('Postgres has shared memory of its own, half of what it may use, and nobody else', () => {
  const sizes: [objects: KubeObject[], part: string, limit: string | undefined][] = [
    [THREE, 'pool', '256Mi'],
    [S3, 'pool-main', '8192Mi'],
  ];
  for (const [objects, part, sizeLimit] of sizes) {
    const pod = find(objects, 'Pod', part);
    const volume = podOf(pod).volumes?.find(({ name }) => name === 'dshm');
    assert.deepEqual(volume?.['emptyDir'], { medium: 'Memory', sizeLimit });
    const mounting = containersOf(podOf(pod)).filter(({ volumeMounts = [] }) =>
      volumeMounts.some(({ name, mountPath }) => name === 'dshm' && mountPath === '/dev/shm'),
    );
    assert.deepEqual(
      mounting.map(({ name }) => name),
      ['postgres'],
    );
  }
  const poolOf = (resources: ResourceRequirements): Pool => ({ postgres: { resources } });
  const MIB = 1024 * 1024;
  assert.equal(sharedMemoryOf({}), 256 * MIB, 'the built-in limit');
  assert.equal(sharedMemoryOf(poolOf({ requests: { memory: '1Gi' } })), 512 * MIB, 'no limit');
  assert.equal(sharedMemoryOf(poolOf({ limits: { memory: '100Mi' } })), 64 * MIB, 'the least');
  assert.equal(sharedMemoryOf(poolOf({ limits: { memory: '777777777' } })), 370 * MIB, 'whole MiB');
  assert.equal(sharedMemoryOf(poolOf({ limits: {} })), undefined, 'as much as the node has');
});

test('a pooler gives its Postgres up after 5 minutes and not before nine tries', () => {
  const { args } = containerOf(find(THREE, 'Pod', 'pool'), 'multipooler');
  assert.ok(args?.includes('--postgres-unrecoverable-timeout=5m'));
  assert.ok(args?.includes('--postgres-unrecoverable-min-attempts=9'));
});

test('the lock files of a killed Postgres are gone before pgctld starts, in the same process', () => {
  const [shell = '', ...rest] = containerOf(find(THREE, 'Pod', 'pool'), 'postgres').command ?? [];
  assert.equal(rest.pop(), '/usr/local/bin/pgctld');
  const dir = mkdtempSync(join(tmpdir(), 'stale-'));
  try {
    const inside = rest.map((text) => text.replaceAll('/var/lib/pooler', dir));
    const stale = ['pg_data/postmaster.pid', 'pg_sockets/.s.PGSQL.5432.lock'];
    const others = ['pg_data/PG_VERSION', 'pg_sockets/.s.PGSQL.5432'];
    for (const folder of ['pg_data', 'pg_sockets']) mkdirSync(join(dir, folder));
    for (const file of [...stale, ...others]) writeFileSync(join(dir, file), '1\n');
    const run = (): SpawnSyncReturns<string> =>
      spawnSync(shell, [...inside, process.execPath, '-p', 'process.pid', 'a b'], {
        encoding: 'utf8',
      });
    const first = run();
    assert.equal(first.stdout.trim(), `${first.pid}`, 'no shell stays above it');
    assert.deepEqual(
      [...stale, ...others].filter((file) => existsSync(join(dir, file))),
      others,
    );
    assert.equal(run().status, 0, 'nothing to remove');
    rmSync(join(dir, 'pg_data'), { recursive: true });
    assert.equal(run().status, 0, 'a new volume');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('gateways go on serving while their endpoints go, and are replaced one up, none down', () => {
  const gateway = find(THREE, 'Deployment', 'zone-a-multigateway');
  const { args = [] } = containerOf(gateway, 'multigateway');
  const seconds = (flag: string): number =>
    Number(args.find((arg) => arg.startsWith(`--${flag}=`))?.slice(flag.length + 3, -1));
  assert.equal(seconds('lameduck-period'), 15);
  assert.equal(seconds('onclose-timeout'), 5);
  assert.equal(podOf(gateway).terminationGracePeriodSeconds, 30, 'both, and some room');
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
