import { nonEmpty } from '../../schemas/compact.ts';
import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { COMPONENTS, selectorOf } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import { flags } from '../builders/args.ts';
import { deployment } from '../builders/deployment.ts';
import { GRPC_NO_TXT } from '../builders/env.ts';
import { childLabels } from '../builders/meta.ts';
import { telemetry } from '../builders/otel.ts';
import { serverPod } from '../builders/pod.ts';
import { RUNTIME_PROBES } from '../builders/probes.ts';
import { ADMIN_RESOURCES } from '../builders/resources.ts';
import { RUN_AS } from '../builders/security.ts';
import { service } from '../builders/service.ts';
import { internalTls } from '../builders/tls.ts';
import { topoTls } from '../builders/topo-tls.ts';
import { imageOf, type ClusterScope } from './scope.ts';

const adminPod = (scope: ClusterScope, labels: Record<string, string>): PodSpec => {
  const { resolved, id, ctx } = scope;
  const { spec, placement } = resolved.multiadmin;
  const { http, grpc } = PORTS.multiadmin;
  return serverPod(
    {
      name: 'multiadmin',
      image: imageOf(scope, 'multiadmin'),
      pull: scope.pull,
      user: RUN_AS.server,
      command: ['/multigres/bin/multiadmin'],
      args: flags({
        'http-port': http,
        'grpc-port': grpc,
        'topo-global-server-addresses': resolved.topoRef.address,
        'topo-global-root': resolved.topoRef.rootPath,
        // Without it multiadmin serves no API at all.
        'service-map': 'grpc-multiadmin',
        'log-level': resolved.logLevels.multiadmin,
      }),
      ports: PORTS.multiadmin,
      probes: { port: http, paths: RUNTIME_PROBES },
      resources: nonEmpty(spec.resources) ?? ADMIN_RESOURCES,
      parts: [
        topoTls(resolved.topoRef),
        internalTls(resolved.internalTLS, 'multiadmin', id),
        telemetry(resolved.observability, ctx, id),
        { env: [GRPC_NO_TXT] },
      ],
      scheduling: {
        affinity: spec.affinity,
        tolerations: placement?.tolerations,
        spread: selectorOf(labels),
      },
    },
    ctx,
  );
};

/** multiadmin: the API by which people and the operator give orders. */
export const adminObjects = (scope: ClusterScope): KubeObject[] => {
  const { id, resolved } = scope;
  const labels = childLabels(id, COMPONENTS.multiadmin);
  const name = names.multiadmin(id.cluster);
  return [
    service(id, name, labels, PORTS.multiadmin),
    deployment(id, {
      name,
      labels,
      stateless: resolved.multiadmin.spec,
      pod: adminPod(scope, labels),
    }),
  ];
};
