/** The demo as a test: one cluster on kind, from helm install to SQL, kept, broken, scaled, removed. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as demo from '../../hack/lib/demo.ts';
import { ROOT, run, say, until } from '../../hack/lib/run.ts';
import { type Kubectl, operatorImage, type RuntimeImages } from '../../hack/lib/tools.ts';
import { names } from '../../schemas/names.ts';
import type { KubeObject } from '../../schemas/k8s.ts';
import type { Shard } from '../../schemas/types.ts';
import { writesBetween, writesIn } from '../support/api-writes.ts';
import { prepareStage } from './stage.ts';
import { underWrites } from './story.ts';
import { poolers, primaryOf } from '../../hack/lifecycle/poolers.ts';
import { killPod } from '../../hack/lifecycle/processes.ts';
import { poolerKeys } from '../../hack/lifecycle/topo-keys.ts';
import { openWorld, type OpenWorld, type World } from '../../hack/lifecycle/world.ts';

const MINUTE = 60_000;
const NS = demo.DEMO_NAMESPACE;
const write = demo.writeTarget(demo.DEMO_PASSWORD);
const read = demo.readTarget(demo.DEMO_PASSWORD);
/** Of examples/etcd-per-cell.yaml. */
const OTHER = 'etcd-per-cell';
const otherWrite = demo.writeTarget(demo.DEMO_PASSWORD, OTHER);

let kubectl: Kubectl;
let world: OpenWorld;
let other: World;
let images: RuntimeImages;
let program: string;
let image: string;

const manifest = async (file: string): Promise<string> =>
  await readFile(path.join(ROOT, 'examples', file), 'utf8');

const primaries = (shard: Shard): string[] =>
  Object.entries(shard.status?.podRoles ?? {})
    .filter(([, role]) => role === 'PRIMARY')
    .map(([pod]) => pod);

/** Deletes a cluster whose policy keeps nothing, and waits until nothing of it is left. */
async function removeWhole(cluster: string): Promise<void> {
  await kubectl.run(['-n', NS, 'delete', 'mgc', cluster, '--timeout=240s']);
  const kinds = [
    ...['pods', 'services', 'deployments', 'statefulsets', 'configmaps', 'pvc', 'pdb'],
    ...['cells', 'shards', 'tablegroups', 'toposervers'],
  ];
  await until(`nothing to be left of ${cluster}`, 3 * MINUTE, async () => {
    const label = `app.kubernetes.io/instance=${cluster}`;
    const left = await kubectl.run(['-n', NS, 'get', kinds.join(), '-l', label, '-o', 'name']);
    return left === '' ? true : undefined;
  });
}

describe('clusters on kind', () => {
  before(async () => {
    const stage = await prepareStage();
    ({ kubectl, images, program, image } = stage);
    world = openWorld(kubectl);
    other = { ...world, cluster: OTHER };
  });
  after(async () => {
    await world.close();
  });

  it('serves SQL from the announcement’s manifest, applied right after helm install', async () => {
    await kubectl.run(['apply', '-n', NS, '-f', '-'], await manifest('eks-smallest.yaml'));
    const applied = Date.now();
    await kubectl.run(['apply', '-n', NS, '-f', '-'], await manifest('demo-multi-az.yaml'));
    const writing = demo.firstWrite(kubectl, write, 5 * MINUTE);
    writing.catch(() => undefined);
    await demo.untilHealthy(kubectl, 6 * MINUTE, (line) =>
      say(`${((Date.now() - applied) / 1000).toFixed(1)} s  ${line}`),
    );
    say(`first write after ${(((await writing) - applied) / 1000).toFixed(1)} s (${images.kind})`);
  });

  it('writes through the gateway and reads through the replica port', async () => {
    await demo.sql(kubectl, write, "INSERT INTO hello (said) VALUES ('from the test')");
    assert.equal(await demo.sql(kubectl, write, 'SELECT pg_is_in_recovery()'), 'f');
    await until('the row on a standby', MINUTE, async () => {
      const rows = await demo.sql(
        kubectl,
        read,
        "SELECT count(*) FROM hello WHERE said = 'from the test'",
      );
      return rows === '1' ? true : undefined;
    });
    assert.equal(await demo.sql(kubectl, read, 'SELECT pg_is_in_recovery()'), 't');
    await assert.rejects(
      demo.sql(kubectl, read, "INSERT INTO hello (said) VALUES ('no')"),
      /read-only/,
    );
  });

  it('has every pod Ready and every pooler in the cohort', async () => {
    const pods = await kubectl.json<{
      items: KubeObject<unknown, { conditions?: { type: string; status: string }[] }>[];
    }>(['-n', NS, 'get', 'pods']);
    for (const pod of pods.items) {
      const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
      assert.equal(ready?.status, 'True', `${pod.metadata.name} is not Ready`);
    }
    const seen = await poolers(world);
    const leader = primaryOf(seen);
    const ids = seen.map(({ id }) => id).toSorted();
    assert.equal(ids.length, 3);
    assert.deepEqual(leader.cohort.toSorted(), ids);
    assert.match(leader.syncNames.join(), new RegExp(ids.map((id) => id.split('/')[1]).join('|')));
  });

  it('tells the roles in the shard’s status and the truth in printed columns', async () => {
    const [shard] = await demo.getShards(kubectl);
    assert.ok(shard);
    assert.equal(primaries(shard).length, 1);
    assert.equal(Object.keys(shard.status?.podRoles ?? {}).length, 3);
    const printed = await kubectl.run([
      '-n',
      NS,
      'get',
      'multigresclusters,shards,cells,tablegroups,toposervers',
    ]);
    assert.equal(printed.includes('Healthy'), true);
    assert.doesNotMatch(printed, /Progressing|Degraded|False/);
  });

  it('writes nothing in two minutes of health', async () => {
    // only the controller applies, and only it writes to our own kinds
    const writes = async (): Promise<Map<string, number>> =>
      writesIn(
        await kubectl.run(['get', '--raw', '/metrics']),
        ({ verb, group }) => verb === 'APPLY' || group === 'multigres.com',
      );
    const before = await writes();
    await sleep(2 * MINUTE);
    assert.deepEqual(writesBetween(before, await writes()), {});
  });

  it('refuses a child edit and an impossible durability policy, saying what to do', async () => {
    await assert.rejects(
      kubectl.run(['-n', NS, 'delete', 'cell', names.cell(demo.DEMO_CLUSTER, 'zone-a')]),
      /MultigresCluster/,
    );
    const impossible = [{ op: 'replace', path: '/spec/durabilityPolicy', value: 'AT_LEAST_9' }];
    await assert.rejects(
      kubectl.run([
        '-n',
        NS,
        'patch',
        'mgc',
        demo.DEMO_CLUSTER,
        '--type=json',
        '-p',
        JSON.stringify(impossible),
      ]),
      /AT_LEAST_2/,
    );
  });

  it('lints from the image of the operator, which has the command line too', async () => {
    const lint = ['-n', demo.OPERATOR_NAMESPACE, 'exec', '-i', `deploy/${demo.RELEASE}-webhook`];
    const said = await kubectl.run(
      [...lint, '--', 'kubectl-multigres', 'lint', '-'],
      await manifest('etcd-per-cell.yaml'),
    );
    assert.match(said, /all accepted/);
  });

  it('follows a fail-over after the primary is killed hard, and keeps every acknowledged row', () =>
    underWrites(world, image, async () => {
      const before = primaryOf(await poolers(world));
      const [shard] = await demo.getShards(kubectl);
      const [victim] = primaries(shard as Shard);
      assert.ok(victim);
      await killPod(world, victim);
      const elected = await until(
        'a new rule with a primary',
        3 * MINUTE,
        async () => {
          const now = primaryOf(await poolers(world));
          return BigInt(now.term) > BigInt(before.term) ? now : undefined;
        },
        300,
      );
      const electedAt = Date.now();
      await until(
        'our status to name the new primary',
        30_000,
        async () => {
          const [now] = await demo.getShards(kubectl);
          return now && primaries(now).some((pod) => elected.hostname.startsWith(`${pod}.`))
            ? true
            : undefined;
        },
        200,
      );
      const followed = Date.now() - electedAt;
      say(`status named the new primary ${followed} ms after it was elected`);
      assert.ok(followed < 5_000, `status followed after ${followed} ms`);
      assert.equal(
        await demo.sql(
          kubectl,
          write,
          "SELECT count(*) > 0 FROM hello WHERE said = 'from the test'",
        ),
        't',
      );
      await demo.untilHealthy(kubectl, 4 * MINUTE, (line) => say(line));
    }));

  it('brings back a deleted standby, gateway, Service and child', async () => {
    const [shard] = await demo.getShards(kubectl);
    const standby = Object.entries(shard?.status?.podRoles ?? {}).find(
      ([, role]) => role === 'REPLICA',
    )?.[0];
    assert.ok(standby);
    const gateway = names.cellGatewayDeployment(demo.DEMO_CLUSTER, 'zone-b');
    const service = names.gatewayService(demo.DEMO_CLUSTER);
    const uid = async (kind: string, name: string): Promise<string | undefined> =>
      await kubectl.try(['-n', NS, 'get', kind, name, '-o', 'jsonpath={.metadata.uid}']);
    // Nobody but Kubernetes' own clean-up may delete a child: so it is that which deletes the cell.
    const cleaner = '--as=system:serviceaccount:kube-system:generic-garbage-collector';
    for (const [kind, name, ...as] of [
      ['pod', standby],
      ['deployment', gateway],
      ['service', service],
      ['cell', names.cell(demo.DEMO_CLUSTER, 'zone-c'), cleaner],
    ] as const) {
      const old = await uid(kind, name);
      await kubectl.run(['-n', NS, 'delete', kind, name, '--wait=false', ...as]);
      await until(`${kind} ${name} to be back`, 2 * MINUTE, async () => {
        const now = await uid(kind, name);
        return now && now !== old ? true : undefined;
      });
    }
    await demo.untilHealthy(kubectl, 4 * MINUTE, (line) => say(line));
    assert.equal(await demo.sql(kubectl, write, 'SELECT 1'), '1');
  });

  it('keeps databases running without the operator, leaves no webhook behind, and takes over again', async () => {
    await run(
      program,
      [
        'uninstall',
        demo.RELEASE,
        '-n',
        demo.OPERATOR_NAMESPACE,
        '--wait',
        '--kubeconfig',
        kubectl.kubeconfig,
      ],
      { quiet: true },
    );
    for (const kind of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations']) {
      assert.doesNotMatch((await kubectl.try(['get', kind, '-o', 'name'])) ?? '', /multigres/);
    }
    assert.equal(await demo.sql(kubectl, write, 'SELECT 1'), '1');
    await demo.installOperator(program, kubectl, await operatorImage(), images);
    await demo.untilHealthy(kubectl, 3 * MINUTE, (line) => say(line));
  });

  it('removes everything that the policy says goes', async () => {
    await removeWhole(demo.DEMO_CLUSTER);
  });

  it('brings up a cluster with an etcd in each cell whose writes are in two cells', async () => {
    await kubectl.run(['apply', '-n', NS, '-f', '-'], await manifest('etcd-per-cell.yaml'));
    await demo.untilHealthy(kubectl, 6 * MINUTE, (line) => say(line), OTHER);
    await demo.sql(kubectl, otherWrite, 'CREATE TABLE t (x int); INSERT INTO t VALUES (1)');
    const leader = primaryOf(await poolers(other));
    assert.equal(leader.policy, 'MULTI_CELL_AT_LEAST_2');
    assert.equal(leader.cohort.length, 3);
    // the poolers of a cell are in the cell's own topology, and only there
    for (const cell of ['zone-a', 'zone-b', 'zone-c']) {
      const own = names.localTopo(names.cell(OTHER, cell));
      assert.equal((await poolerKeys(other, `${own}-0`)).length, 1, cell);
    }
    assert.deepEqual(await poolerKeys(other, `${names.globalTopo(OTHER)}-0`), []);
  });

  it('creates a deleted primary again only after another pooler leads, and keeps every acknowledged row', () =>
    underWrites(other, image, async () => {
      const before = primaryOf(await poolers(other));
      const victim = before.hostname.split('.')[0] ?? '';
      await kubectl.run(['-n', NS, 'delete', 'pod', victim, '--wait=false']);
      const elected = await until('a new rule with a primary', 3 * MINUTE, async () => {
        const now = primaryOf(await poolers(other));
        return BigInt(now.term) > BigInt(before.term) ? now : undefined;
      });
      assert.notEqual(elected.hostname, before.hostname);
      await demo.untilHealthy(kubectl, 4 * MINUTE, (line) => say(line), OTHER);
      const pod = await kubectl.json<KubeObject>(['-n', NS, 'get', 'pod', victim]);
      const createdAt = Date.parse(pod.metadata.creationTimestamp ?? '');
      // creation times are whole seconds
      assert.ok(createdAt + 1000 > Date.parse(elected.ruledAt ?? ''), JSON.stringify(elected));
      assert.equal(await demo.sql(kubectl, otherWrite, 'SELECT x FROM t'), '1');
      const cohort = await until('the old primary in the cohort', 2 * MINUTE, async () => {
        const now = primaryOf(await poolers(other)).cohort;
        return now.includes(before.id) ? now : undefined;
      });
      assert.equal(cohort.length, 3);
    }));

  it('removes that one as well', async () => {
    await removeWhole(OTHER);
  });
});
