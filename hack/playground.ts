/**
 * playground.ts: a real control plane with fake nodes in three zones, our webhooks and controller as
 * local processes. No container ever runs: it is for trying what `kubectl apply` accepts, refuses and
 * defaults, and which objects come of it. Ends with Ctrl-C.
 */
import path from 'node:path';
import { buildBundles } from './build.ts';
import { startLocalOperator } from './lib/operator.ts';
import { say } from './lib/run.ts';
import { CACHE, controlPlane, helm, Kubectl, kubernetes, stopControlPlane } from './lib/tools.ts';

const NAME = 'playground';
const PORT = 18443;

const started = Date.now();
// the first run builds Kubernetes and helm; from then on all three are quick
const { kubectl: program, folder } = await kubernetes();
const chartTool = await helm();
const ready = Date.now();
const [kubeconfig] = await Promise.all([
  controlPlane(NAME, PORT),
  buildBundles(['webhook', 'controller']),
]);
const kubectl = new Kubectl(program, kubeconfig);
const operator = await startLocalOperator({
  kubectl,
  helm: chartTool,
  folder: path.join(CACHE, 'cp', NAME, 'operator'),
  port: PORT + 10,
});
say(
  `ready after ${((Date.now() - ready) / 1000).toFixed(1)} s (${((Date.now() - started) / 1000).toFixed(1)} s with preparation)`,
);
console.log(`
In another terminal:
  export KUBECONFIG=${kubeconfig} PATH=${folder}:$PATH
  kubectl apply -f examples/eks-smallest.yaml -f examples/demo-multi-az.yaml    # accepted
  kubectl get multigrescluster demo-multi-az -o yaml                            # what was defaulted
  kubectl get cells,tablegroups,shards,toposervers,pods                         # what it became
  kubectl patch mgc demo-multi-az --type=merge -p '{"spec":{"durabilityPolicy":"AT_LEAST_9"}}'   # refused, with the reason
  kubectl delete coretemplate eks-smallest                                      # refused while in use
  kubectl explain multigrescluster.spec.durabilityPolicy

Pods are played by fake nodes: they become Ready, but nothing runs in them, so the cluster keeps waiting for etcd.
Logs: ${operator.logs.join(' ')}
Ctrl-C ends it all.`);

const { promise: end, resolve } = Promise.withResolvers<void>();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
const keepAlive = setInterval(() => undefined, 60_000);
await end;
clearInterval(keepAlive);
await operator.stop();
await stopControlPlane(NAME, PORT);
