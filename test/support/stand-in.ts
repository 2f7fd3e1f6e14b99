/** Does what the controller would do, as its user, where no controller runs. */
import assert from 'node:assert/strict';
import type { KubeApi } from '../../kube/api.ts';
import { systemClock } from '../../kube/clock.ts';
import { KubeError } from '../../kube/errors.ts';
import { names } from '../../schemas/names.ts';
import { kubectl } from './cluster.ts';

export interface StandIn {
  /** Its user name. */
  user: string;
  /** Name of the lease that it renews. */
  lease: string;
  /** Says that it lives. */
  renewLease(): Promise<void>;
  /** Writes the only Shard of a cluster, with these pools. Returns its name. */
  runShard(cluster: string, pools: Record<string, object>): string;
  end(): void;
}

/** A controller in the namespace `operator` for clusters in `namespace`; it may do anything. */
export function standIn(api: KubeApi, operator: string, namespace: string): StandIn {
  const user = `system:serviceaccount:${operator}:multigres-operator-controller`;
  const lease = 'multigres-operator.multigres.com';
  kubectl([
    'create',
    'clusterrolebinding',
    operator,
    '--clusterrole=cluster-admin',
    `--user=${user}`,
  ]);
  return {
    user,
    lease,
    async renewLease() {
      const renewTime = new Date(systemClock.now()).toISOString().replace(/Z$/, '000Z');
      await api.apply({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { namespace: operator, name: lease },
        spec: { holderIdentity: 'test', leaseDurationSeconds: 15, renewTime },
      });
    },
    runShard(cluster, pools) {
      const name = names.shard(cluster, 'postgres', 'default', '0-inf');
      const cells = Object.values(pools).flatMap((pool) => (pool as { cells: string[] }).cells);
      const shard = {
        apiVersion: 'multigres.com/v1alpha1',
        kind: 'Shard',
        metadata: { name, namespace, labels: { 'multigres.com/cluster': cluster } },
        spec: {
          databaseName: 'postgres',
          tableGroupName: 'default',
          shardName: '0-inf',
          images: { multiorch: 'i', multipooler: 'i', postgres: 'i' },
          globalTopoServer: { address: 'e:2379', rootPath: '/', implementation: 'etcd' },
          postgresPasswordSecretRef: { name: 'pw', key: 'password' },
          durabilityPolicy: 'AT_LEAST_2',
          multiorch: { cells: [...new Set(cells)] },
          pools,
        },
      };
      kubectl(['create', '-f', '-', `--as=${user}`], JSON.stringify(shard));
      return name;
    },
    end: () => void kubectl(['delete', 'clusterrolebinding', operator]),
  };
}

/** What a webhook that published itself leaves behind. */
export function removeWebhookConfigurations(): void {
  for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration'])
    kubectl(['delete', kind, 'multigres-operator', '--ignore-not-found']);
}

/** The text of a refusal by a webhook; undefined if the request was accepted. */
export async function refusal(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    assert.ok(error instanceof KubeError, String(error));
    assert.equal(error.status, 403, error.message);
    return error.message;
  }
}
