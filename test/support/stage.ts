import type { KubeApi } from '../../kube/api.ts';
import { KINDS } from '../../schemas/k8s.ts';
import { API_KINDS } from '../../schemas/kinds/index.ts';
import { names } from '../../schemas/names.ts';
import { connect, installCrds, kubectl } from './cluster.ts';
import { eventually, makeNamespace } from './kube-api.ts';
import { removeWebhookConfigurations, standIn, type StandIn } from './stand-in.ts';
import { startWebhook, type RunningWebhook } from './webhook.ts';

/** The real webhook with a stand-in for the controller, and the names of one cluster `m` and its shard. */
export interface Stage {
  api: KubeApi;
  controller: StandIn;
  webhook: RunningWebhook;
  end: () => Promise<void>;
}

export function stageFor(label: string) {
  const ns = `${label}-${process.pid}`;
  const operator = `${label}-operator-${process.pid}`;
  const cluster = { kind: KINDS.MultigresCluster, namespace: ns, name: 'm' };
  const shard = {
    kind: KINDS.Shard,
    namespace: ns,
    name: names.shard('m', 'postgres', 'default', '0-inf'),
  };
  return {
    ns,
    cluster,
    shard,
    async start(): Promise<Stage> {
      const { api, close } = connect();
      installCrds();
      for (const name of [operator, ns]) kubectl(['create', 'namespace', name]);
      const controller = standIn(api, operator, ns);
      const webhook = await startWebhook([`--namespace=${operator}`, '--check-seconds=1']);
      return {
        api,
        controller,
        webhook,
        end: async () => {
          await webhook.stop();
          removeWebhookConfigurations();
          await api.mergePatch(cluster, { metadata: { finalizers: [] } }).catch(() => {});
          controller.end();
          for (const name of [operator, ns]) kubectl(['delete', 'namespace', name, '--wait=false']);
          await close();
        },
      };
    },
  };
}

/** A namespace of its own on an API server that serves and lists all kinds. */
export async function namespaceWithKinds(prefix: string) {
  const { api, close } = connect();
  installCrds();
  const namespace = await makeNamespace(api, prefix);
  const listed = () => kubectl(['api-resources', '--api-group=multigres.com', '-o', 'name']);
  await eventually('all kinds listed', () => listed().split('\n').length >= API_KINDS.length);
  return {
    api,
    namespace,
    end: async () => {
      await namespace.remove();
      await close();
    },
  };
}
