import { compact, nonEmpty } from '../../schemas/compact.ts';
import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { COMPONENTS, selectorOf } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import { flags } from '../builders/args.ts';
import { deployment, ROLLING } from '../builders/deployment.ts';
import { GRPC_NO_TXT } from '../builders/env.ts';
import { childLabels, projectAnnotation } from '../builders/meta.ts';
import { telemetry } from '../builders/otel.ts';
import { probes, RUNTIME_PROBES } from '../builders/probes.ts';
import { podBase } from '../builders/pull.ts';
import { ADMIN_RESOURCES } from '../builders/resources.ts';
import { scheduling } from '../builders/scheduling.ts';
import { containerSecurity, podSecurity, RUN_AS } from '../builders/security.ts';
import { service } from '../builders/service.ts';
import { internalTls } from '../builders/tls.ts';
import { topoTls } from '../builders/topo-tls.ts';
import { imageOf } from './images.ts';
import type { ClusterScope } from './scope.ts';

const adminPod = (scope: ClusterScope, labels: Record<string, string>): PodSpec => {
  const { resolved, id, ctx } = scope;
  const { spec, placement } = resolved.multiadmin;
  const { http, grpc } = PORTS.multiadmin;
  const otel = telemetry(resolved.observability, ctx, id);
  const tls = internalTls(resolved.internalTLS, 'multiadmin', id);
  const topo = topoTls(resolved.topoRef);
  return compact({
    ...podBase(scope.pull),
    securityContext: podSecurity(RUN_AS.server),
    ...scheduling(
      compact({
        affinity: spec.affinity,
        tolerations: placement?.tolerations,
        spread: selectorOf(labels),
      }),
      ctx,
    ),
    containers: [
      compact({
        name: 'multiadmin',
        image: imageOf(scope.images, 'multiadmin'),
        imagePullPolicy: scope.pull.policy,
        command: ['/multigres/bin/multiadmin'],
        args: [
          ...flags({
            'http-port': http,
            'grpc-port': grpc,
            'topo-global-server-addresses': resolved.topoRef.address,
            'topo-global-root': resolved.topoRef.rootPath,
            // Without it multiadmin serves no API at all.
            'service-map': 'grpc-multiadmin',
            'log-level': resolved.logLevels.multiadmin,
          }),
          ...topo.args,
          ...tls.args,
        ],
        env: [...topo.env, ...otel.env, GRPC_NO_TXT],
        ports: Object.entries(PORTS.multiadmin).map(([name, containerPort]) => ({
          name,
          containerPort,
          protocol: 'TCP',
        })),
        ...probes(http, RUNTIME_PROBES),
        resources: nonEmpty(spec.resources) ?? ADMIN_RESOURCES,
        securityContext: containerSecurity(RUN_AS.server),
        volumeMounts: nonEmpty([...topo.mounts, ...tls.mounts, ...otel.mounts]),
      }),
    ],
    volumes: nonEmpty([...topo.volumes, ...tls.volumes, ...otel.volumes]),
  });
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
      strategy: ROLLING,
      podAnnotations: projectAnnotation(id),
      pod: adminPod(scope, labels),
    }),
  ];
};
