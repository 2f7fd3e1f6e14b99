import { nonEmpty } from '../../../schemas/compact.ts';
import { failoverOf, graceOf } from '../../../schemas/failover.ts';
import { buildName, names } from '../../../schemas/names.ts';
import type { KubeObject, PodSpec } from '../../../schemas/k8s.ts';
import { COMPONENTS, LABELS, selectorOf } from '../../../schemas/labels.ts';
import { PORTS } from '../../../schemas/ports.ts';
import type { FailoverTimers } from '../../../schemas/types.ts';
import { flags } from '../../builders/args.ts';
import { RECREATE, deployment, podDisruptionBudget, service } from '../../builders/objects.ts';
import { envField, GRPC_NO_TXT, POD_IP } from '../../builders/env.ts';
import { telemetry } from '../../builders/otel.ts';
import { serverPod } from '../../builders/pod.ts';
import { RUNTIME_PROBES } from '../../builders/probes.ts';
import { ORCH_RESOURCES } from '../../builders/resources.ts';
import { RUN_AS } from '../../builders/security.ts';
import { internalTls, topoTls } from '../../builders/tls.ts';
import { orchCells, placeOf, shardLabels, type ShardScope } from './scope.ts';

/** Tells the replicas of one cell apart. */
const POD_UID = envField('POD_UID', 'metadata.uid');

/**
 * A fixed identity: an orchestrator that came back under a new one would for ever wait for the
 * shard's first claim of its former self. Two replicas in one cell cannot share it; each then has
 * its pod's, which at least outlives a crash of the container.
 */
const serviceId = (deploymentName: string, replicas: number): string =>
  replicas > 1 ? 'o-$(POD_UID)' : names.orchServiceId(deploymentName);

const timerFlags = (
  given: FailoverTimers | undefined,
  ...[index, replicas]: [index: number, replicas: number]
): Record<string, string> => {
  const timers = failoverOf(given);
  const grace = graceOf(timers, index, replicas);
  return {
    'leader-failover-grace-period-base': grace.base,
    'leader-failover-grace-period-max-jitter': grace.jitter,
    'pooler-health-check-interval': timers.healthCheckInterval,
    'recovery-cycle-interval': timers.recoveryInterval,
  };
};

const orchPod = (scope: ShardScope, cell: string, name: string): PodSpec => {
  const { spec, ctx, id } = scope;
  const { multiorch } = spec;
  const replicas = multiorch.replicas ?? 1;
  const { http, grpc } = PORTS.multiorch;
  return serverPod(
    {
      name: 'multiorch',
      image: spec.images.multiorch,
      pull: scope.pull,
      user: RUN_AS.server,
      // The image has no entry point: the first argument is the program.
      args: [
        'multiorch',
        ...flags({
          'http-port': http,
          'grpc-port': grpc,
          'topo-global-server-addresses': spec.globalTopoServer.address,
          'topo-global-root': spec.globalTopoServer.rootPath,
          cell,
          'watch-targets': scope.parts.slice(1).join('/'),
          'service-id': serviceId(name, replicas),
          hostname: '$(POD_IP)',
          'log-level': spec.logLevels?.multiorch ?? 'info',
          ...timerFlags(multiorch.failover, orchCells(spec).indexOf(cell), replicas),
        }),
      ],
      env: [POD_IP, ...(replicas > 1 ? [POD_UID] : [])],
      ports: PORTS.multiorch,
      probes: { port: http, paths: RUNTIME_PROBES },
      resources: nonEmpty(multiorch.resources) ?? ORCH_RESOURCES,
      parts: [
        topoTls(spec.globalTopoServer),
        internalTls(spec.internalTLS, 'multiorch', id),
        telemetry(spec.observability, ctx, id, COMPONENTS.multiorch),
        { env: [GRPC_NO_TXT] },
      ],
      scheduling: {
        place: placeOf(scope, cell),
        affinity: multiorch.affinity,
        tolerations: multiorch.placement?.tolerations,
        spread: selectorOf(shardLabels(scope, COMPONENTS.multiorch)),
      },
      graceSeconds: 45,
    },
    ctx,
  );
};

const orchOf = (scope: ShardScope, cell: string): KubeObject[] => {
  const labels = shardLabels(scope, COMPONENTS.multiorch, { [LABELS.cell]: cell });
  const name = names.orchDeployment(...scope.parts, cell);
  return [
    service(scope.id, names.orchService(...scope.parts, cell), labels, PORTS.multiorch),
    deployment(scope.id, {
      name,
      labels,
      stateless: scope.spec.multiorch,
      strategy: RECREATE,
      pod: orchPod(scope, cell, name),
    }),
  ];
};

/**
 * Orchestrators, one Deployment and Service per cell, and one budget over all of them: a shard
 * without any cannot fail over.
 */
export const orchObjects = (scope: ShardScope): KubeObject[] => {
  const cells = orchCells(scope.spec);
  const pods = cells.length * (scope.spec.multiorch.replicas ?? 1);
  const budget = podDisruptionBudget(
    scope.id,
    buildName([...scope.parts, 'multiorch', 'pdb'], 'service'),
    shardLabels(scope, COMPONENTS.multiorch),
    { minAvailable: 1 },
  );
  return [...(pods > 1 ? [budget] : []), ...cells.flatMap((cell) => orchOf(scope, cell))];
};
