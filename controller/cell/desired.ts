import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { bufferOf } from '../../schemas/buffer.ts';
import { nonEmpty } from '../../schemas/compact.ts';
import { COMPONENTS, LABELS, selectorOf } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import type { Cell, CellSpec, GatewayBuffer, TopoServer } from '../../schemas/types.ts';
import { flags } from '../builders/args.ts';
import type { BuildContext } from '../builders/context.ts';
import { deployment, podDisruptionBudget, service } from '../builders/objects.ts';
import { GRPC_NO_TXT, POD_IP } from '../builders/env.ts';
import { childLabels, identityOf, ownChild, type Identity } from '../builders/meta.ts';
import { telemetry } from '../builders/otel.ts';
import { placeLabels, zoneLabels } from '../builders/place.ts';
import { serverPod } from '../builders/pod.ts';
import { RUNTIME_PROBES } from '../builders/probes.ts';
import { pullAnnotations, pullOf } from '../builders/pull.ts';
import { GATEWAY_RESOURCES } from '../builders/resources.ts';
import { RUN_AS } from '../builders/security.ts';
import { internalTls, publicTls, topoTls } from '../builders/tls.ts';

/**
 * Seconds after SIGTERM in which a gateway serves as before, its listeners open: by then the endpoints are gone
 * from all nodes, transactions are done, and a primary that left the same node has a successor, so nothing that
 * is held is lost. The runtime does it itself, which takes neither a shell in the image nor a Kubernetes that
 * knows `preStop.sleep`. It cannot tell a client to go: who stays for longer is cut.
 */
const GATEWAY_LAMEDUCK_SECONDS = 15;

/**
 * Then the listeners close and sessions may end by themselves, but the gateway no longer hears of a new
 * primary and holds nothing: kept short.
 */
const GATEWAY_CLOSE_SECONDS = 5;

/** Both waits, and 5 s each for the last traces and for a busy node. */
const GATEWAY_GRACE_SECONDS = GATEWAY_LAMEDUCK_SECONDS + GATEWAY_CLOSE_SECONDS + 10;

const GATEWAY_PORTS = {
  http: PORTS.multigateway.http,
  grpc: PORTS.multigateway.grpc,
  postgres: PORTS.multigateway.postgres,
  'pg-replica': PORTS.multigateway.replica,
};

const specOf = (cell: Cell): CellSpec => {
  if (cell.spec === undefined) throw new Error(`Cell ${cell.metadata.name} has no spec`);
  return cell.spec;
};

export const bufferFlags = (given: GatewayBuffer | undefined): string[] => {
  const buffer = bufferOf(given);
  if (!buffer.enabled) return flags({ 'buffer-enabled': false });
  return flags({
    'buffer-enabled': true,
    'buffer-window': buffer.window,
    'buffer-max-failover-duration': buffer.maxFailoverDuration,
    'buffer-min-time-between-failovers': buffer.minTimeBetweenFailovers,
    'buffer-size': buffer.size,
    'buffer-drain-concurrency': buffer.drainConcurrency,
  });
};

const gatewayPod = (
  spec: CellSpec,
  id: Identity,
  labels: Record<string, string>,
  ctx: BuildContext,
): PodSpec => {
  const { http, grpc, postgres, replica } = PORTS.multigateway;
  return serverPod(
    {
      name: 'multigateway',
      image: spec.images.multigateway,
      pull: pullOf(spec.images),
      user: RUN_AS.server,
      // The image has no entry point: the first argument is the program.
      args: [
        'multigateway',
        ...flags({
          'http-port': http,
          'grpc-port': grpc,
          'pg-port': postgres,
          'pg-replica-port': replica,
          'topo-global-server-addresses': spec.globalTopoServer.address,
          'topo-global-root': spec.globalTopoServer.rootPath,
          cell: spec.name,
          // A gateway registers its address; a pod's own host name cannot be resolved by others.
          hostname: '$(POD_IP)',
          'lameduck-period': `${GATEWAY_LAMEDUCK_SECONDS}s`,
          'onclose-timeout': `${GATEWAY_CLOSE_SECONDS}s`,
          'log-level': spec.logLevels?.multigateway ?? 'info',
        }),
        ...bufferFlags(spec.multigateway.buffer),
      ],
      env: [POD_IP],
      ports: GATEWAY_PORTS,
      probes: { port: http, paths: RUNTIME_PROBES },
      resources: nonEmpty(spec.multigateway.resources) ?? GATEWAY_RESOURCES,
      parts: [
        topoTls(spec.globalTopoServer),
        internalTls(spec.internalTLS, 'multigateway', id),
        publicTls(spec.certCommonName, id),
        telemetry(spec.observability, ctx, id, COMPONENTS.multigateway),
        { env: [GRPC_NO_TXT] },
      ],
      scheduling: {
        place: placeLabels(labels),
        affinity: spec.multigateway.affinity,
        tolerations: spec.multigatewayPlacement?.tolerations,
        spread: selectorOf(labels),
      },
      graceSeconds: GATEWAY_GRACE_SECONDS,
    },
    ctx,
  );
};

/** A cell's own etcd, only if it is to be run by us. */
const localTopoServer = (cell: Cell): TopoServer | undefined => {
  const spec = specOf(cell);
  const etcd = spec.topoServer?.etcd;
  if (etcd === undefined) return undefined;
  const id = identityOf(cell);
  const { pvcDeletionPolicy, ...rest } = etcd;
  const name = names.localTopo(cell.metadata.name);
  const own = { [LABELS.cell]: spec.name, [LABELS.toposerver]: name, ...zoneLabels(spec) };
  const labels = childLabels(id, COMPONENTS.localTopo, own);
  const annotations = pullAnnotations(pullOf(spec.images));
  // It is pinned to the zone of its cell, so it needs what the cell's other pods tolerate.
  const placement = spec.multigatewayPlacement;
  const asked = { etcd: rest, pvcDeletionPolicy, placement };
  return ownChild(id, 'TopoServer', { name, labels, annotations }, asked);
};

/**
 * Gateway of a cell (Deployment, Service, a disruption budget from two replicas on) and the cell's
 * own etcd if it has one.
 */
export const cellChildren = (cell: Cell, ctx: BuildContext): KubeObject[] => {
  const spec = specOf(cell);
  const id = identityOf(cell);
  const labels = childLabels(id, COMPONENTS.multigateway, {
    [LABELS.cell]: spec.name,
    ...zoneLabels(spec),
  });
  const name = names.cellGatewayDeployment(id.cluster, spec.name);
  const topo = localTopoServer(cell);
  const replicas = spec.multigateway.replicas ?? 1;
  return [
    ...(topo === undefined ? [] : [topo]),
    service(id, names.cellGatewayService(id.cluster, spec.name), labels, GATEWAY_PORTS),
    ...(replicas > 1 ? [podDisruptionBudget(id, name, labels, { maxUnavailable: 1 })] : []),
    deployment(id, {
      name,
      labels,
      stateless: spec.multigateway,
      pod: gatewayPod(spec, id, labels, ctx),
    }),
  ];
};
