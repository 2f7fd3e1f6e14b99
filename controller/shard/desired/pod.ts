import { compact } from '../../../schemas/compact.ts';
import type { KubeObject, Pod } from '../../../schemas/k8s.ts';
import { ANNOTATIONS, COMPONENTS, LABELS, selectorOf } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { PORTS } from '../../../schemas/ports.ts';
import { UNREADY_TOO, claim, claimSpec, service } from '../../builders/objects.ts';
import { childMeta, projectAnnotation } from '../../builders/meta.ts';
import { telemetry } from '../../builders/otel.ts';
import { podBase } from '../../builders/pull.ts';
import { scheduling } from '../../builders/scheduling.ts';
import { podSecurity, RUN_AS } from '../../builders/security.ts';
import { internalTls, topoTls } from '../../builders/tls.ts';
import { withSpecHash } from './spec-hash.ts';
import {
  exporterContainer,
  multipoolerContainer,
  PEER_PORTS,
  POOL_GRACE_SECONDS,
  poolUsers,
  postgresContainer,
} from './containers.ts';
import { placeOf, shardLabels, type PoolCell, type ShardScope } from './scope.ts';
import { poolVolumes } from './volumes.ts';

/** A pool pod with what belongs to it alone. */
export interface DesiredPod {
  readonly name: string;
  readonly pool: string;
  readonly cell: string;
  readonly index: number;
  /** Name of its pooler in the topology. */
  readonly serviceId: string;
  /** Carries its own spec hash and the hashes of its settings as annotations. */
  readonly pod: Pod;
  readonly pvc: KubeObject;
  readonly service: KubeObject;
}

/** Volume of a pool that says nothing. */
const FALLBACK_SIZE = '1Gi';

export const poolLabels = (
  scope: ShardScope,
  at: Pick<PoolCell, 'pool' | 'cell'>,
): Record<string, string> =>
  shardLabels(scope, COMPONENTS.pool, { [LABELS.pool]: at.pool, [LABELS.cell]: at.cell });

const annotationsOf = (scope: ShardScope): Record<string, string> => ({
  ...projectAnnotation(scope.id),
  [ANNOTATIONS.prometheusScrape]: 'true',
  [ANNOTATIONS.prometheusPort]: `${PORTS.exporter.metrics}`,
  [ANNOTATIONS.prometheusPath]: '/metrics',
  [ANNOTATIONS.postgresConfigHash]: scope.config.restartHash,
  [ANNOTATIONS.postgresReloadHash]: scope.config.reloadHash,
  [ANNOTATIONS.postgresReloadWanted]: scope.config.reloadHash,
});

const poolPod = (
  scope: ShardScope,
  at: PoolCell,
  name: string,
  labels: Record<string, string>,
): Pod => {
  const { spec, id, ctx } = scope;
  const { user, group } = poolUsers(at.spec).postgres;
  const serviceAccount = spec.backup?.type === 's3' && spec.backup.s3?.serviceAccountName;
  const tls = internalTls(spec.internalTLS, 'multipooler', id);
  const topo = topoTls(spec.globalTopoServer);
  const pgctldOtel = telemetry(spec.observability, ctx, id, 'pgctld');
  const poolerOtel = telemetry(spec.observability, ctx, id, 'multipooler');
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: childMeta(id, name, labels, annotationsOf(scope)),
    spec: compact({
      ...podBase(scope.pull),
      hostname: name,
      subdomain: names.poolHeadless(...scope.parts, at.pool, at.cell),
      terminationGracePeriodSeconds: POOL_GRACE_SECONDS,
      securityContext: podSecurity(user, group, at.spec.fsGroup ?? RUN_AS.postgres),
      ...scheduling(
        compact({
          place: placeOf(scope, at.cell),
          affinity: at.spec.affinity,
          tolerations: at.spec.tolerations,
          // Members of one shard, of whatever pool, should not die together.
          spread: selectorOf(shardLabels(scope, COMPONENTS.pool)),
        }),
        ctx,
      ),
      // Cloud identities of the account come as a volume of their own, not as the API token.
      ...(serviceAccount && { serviceAccountName: serviceAccount }),
      initContainers: [postgresContainer(scope, at.spec, pgctldOtel)],
      containers: [
        multipoolerContainer(scope, at.spec, {
          cell: at.cell,
          serviceId: names.poolerId(name),
          otel: poolerOtel,
          tls,
          topo,
        }),
        exporterContainer(scope),
      ],
      volumes: [
        ...poolVolumes(scope, at.spec, name),
        ...topo.volumes,
        ...tls.volumes,
        ...poolerOtel.volumes,
      ],
    }),
  };
  return withSpecHash(pod);
};

const desiredPod = (scope: ShardScope, at: PoolCell, index: number): DesiredPod => {
  const name = names.poolPod(...scope.parts, at.pool, at.cell, index);
  const labels = { ...poolLabels(scope, at), [LABELS.index]: `${index}` };
  const serviceId = names.poolerId(name);
  return {
    name,
    pool: at.pool,
    cell: at.cell,
    index,
    serviceId,
    pod: poolPod(scope, at, name, { ...labels, [LABELS.pooler]: serviceId }),
    pvc: claim(scope.id, names.dataPvc(name), labels, claimSpec(at.spec.storage, FALLBACK_SIZE)),
    service: service(scope.id, name, labels, PEER_PORTS, { spec: UNREADY_TOO }),
  };
};

/** The pods of one pool in one cell, index 0 first. */
export const podsOf = (scope: ShardScope, at: PoolCell): DesiredPod[] =>
  Array.from({ length: at.replicas }, (_, index) => desiredPod(scope, at, index));
