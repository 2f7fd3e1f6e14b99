/**
 * demo.ts [down] [--tour] [--runtime images|emulator|auto] [--image-… NAME]: a three-zone Multigres cluster
 * on a kind cluster of this machine, from nothing to SQL. Running it again is quick and safe. With --tour it
 * is then scaled, changed, switched over and drained while clients write, each step with its longest pause.
 */
import { parseArgs } from 'node:util';
import { buildBundles } from './build.ts';
import { local, say } from './lib/run.ts';
import { helm, kindCluster, operatorImage } from './lib/tools.ts';
import { prepareRuntime, RUNTIME_OPTIONS } from './lib/runtime.ts';
import { openWorld } from './lifecycle/world.ts';
import { tour } from './lifecycle/tour.ts';
import * as demo from './lib/demo.ts';

const MINUTE = 60_000;

async function down(): Promise<void> {
  await local('kind.sh', ['down']);
  say('the demo is gone; what was built stays in the cache, so the next run is quick');
}

async function up(): Promise<void> {
  const started = Date.now();
  const since = (from: number): string => `${((Date.now() - from) / 1000).toFixed(1)} s`;
  const kubectl = await kindCluster();
  say('bundling and loading the operator and the runtime into the nodes');
  await buildBundles();
  const image = await operatorImage();
  const images = await prepareRuntime(runtime);
  say('helm install');
  const program = await helm();
  await demo.installOperator(program, kubectl, image, images);
  await demo.prepareNamespace(kubectl, images);

  say(`kubectl apply -n ${demo.DEMO_NAMESPACE} ${demo.MANIFESTS.map((m) => `-f ${m}`).join(' ')}`);
  const existed =
    (await kubectl.try(['-n', demo.DEMO_NAMESPACE, 'get', 'mgc', demo.DEMO_CLUSTER])) !== undefined;
  const applied = Date.now();
  console.log(await demo.applyDemo(kubectl));
  const writing = demo.firstWrite(kubectl, demo.writeTarget(demo.DEMO_PASSWORD), 10 * MINUTE);
  writing.catch(() => undefined); // awaited below
  await demo.untilHealthy(kubectl, 10 * MINUTE, (line) => say(`  ${since(applied)}  ${line}`));
  const firstWriteMs = (await writing) - applied;
  say(
    existed
      ? 'the cluster was there already'
      : `first write after ${(firstWriteMs / 1000).toFixed(1)} s`,
  );

  const write = demo.writeTarget(demo.DEMO_PASSWORD);
  const read = demo.readTarget(demo.DEMO_PASSWORD);
  const text = `hello from ${new Date().toISOString()}`;
  const id = await demo.sql(
    kubectl,
    write,
    `INSERT INTO hello (said) VALUES ('${text}') RETURNING id`,
  );
  console.log(`\nSQL through ${write.host}:${write.port} (the primary):`);
  console.log(
    await demo.sql(kubectl, write, 'SELECT id, said FROM hello ORDER BY id DESC LIMIT 3'),
  );
  console.log(`\nSQL through ${read.host}:${read.port} (a standby):`);
  console.log(
    await demo.sql(
      kubectl,
      read,
      `SELECT 'in recovery: ' || pg_is_in_recovery(); SELECT id, said FROM hello WHERE id = ${id.split('\n')[0]}`,
    ),
  );
  console.log(`\nkubectl get multigresclusters,shards,pods -n ${demo.DEMO_NAMESPACE}`);
  console.log(
    await kubectl.run([
      '-n',
      demo.DEMO_NAMESPACE,
      'get',
      'multigresclusters,shards,pods',
      '-o',
      'wide',
    ]),
  );
  console.log(
    closing({
      kubeconfig: kubectl.kubeconfig,
      runtime: images.description,
      first: existed ? undefined : firstWriteMs,
      total: since(started),
    }),
  );
  if (!tourToo) return;
  const world = openWorld(kubectl);
  if (!(await tour({ world, images, image, password: demo.DEMO_PASSWORD }))) process.exitCode = 1;
  await world.close();
}

function closing(facts: {
  kubeconfig: string;
  runtime: string;
  first: number | undefined;
  total: string;
}): string {
  const n = `-n ${demo.DEMO_NAMESPACE}`;
  return `
Runtime:      ${facts.runtime}
First write:  ${facts.first === undefined ? 'the cluster ran already' : `${(facts.first / 1000).toFixed(1)} s after kubectl apply`}
In all:       ${facts.total}

Use it:       export KUBECONFIG=${facts.kubeconfig}
Connect:      kubectl ${n} port-forward svc/${demo.DEMO_CLUSTER}-multigateway 5432:5432 &
              PGPASSWORD=${demo.DEMO_PASSWORD} psql 'host=127.0.0.1 user=postgres dbname=postgres sslmode=disable'
Web UI:       kubectl ${n} port-forward svc/${demo.DEMO_CLUSTER}-multiadmin-web 18100:18100, then http://127.0.0.1:18100
Scale up:     kubectl ${n} patch mgc ${demo.DEMO_CLUSTER} --type=json -p '[{"op":"replace","path":"/spec/databases/0/tablegroups/0/shards/0/spec/pools/default/replicasPerCell","value":2}]'
Tear down:    npm run demo -- down`;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { ...RUNTIME_OPTIONS, tour: { type: 'boolean', default: false } },
});
const { tour: tourToo, ...runtime } = values;
const [verb = 'up', ...rest] = positionals;
if (rest.length > 0 || !['up', 'down'].includes(verb)) {
  throw new Error(
    `demo ${positionals.join(' ')}: use no word (build everything up) or down (remove it)`,
  );
}
await (verb === 'down' ? down() : up());
