import { compact, nonEmpty } from '../../schemas/compact.ts';
import type { EnvVar, KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { COMPONENTS, selectorOf } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import { flags } from '../builders/args.ts';
import { deployment, service, type ServiceOptions } from '../builders/objects.ts';
import { GRPC_NO_TXT, envOf, envSecret } from '../builders/env.ts';
import { childLabels } from '../builders/meta.ts';
import { telemetry } from '../builders/otel.ts';
import { serverPod, type PodPart } from '../builders/pod.ts';
import { RUNTIME_PROBES } from '../builders/probes.ts';
import { ADMIN_RESOURCES, WEB_RESOURCES } from '../builders/resources.ts';
import { RUN_AS } from '../builders/security.ts';
import { internalTls, topoTls } from '../builders/tls.ts';
import { imageOf, type ClusterScope } from './scope.ts';
import type { External } from '../../schemas/types.ts';

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

/** The web server keeps rendered pages here; the rest of its file system is read only. */
const CACHE: PodPart = {
  mounts: [{ name: 'cache', mountPath: '/app/.next/cache' }],
  volumes: [{ name: 'cache', emptyDir: { sizeLimit: '64Mi' } }],
};

const webEnv = (scope: ClusterScope): EnvVar[] => {
  const { resolved, id } = scope;
  const { name, key } = resolved.postgresPasswordSecretRef;
  const values = {
    // The listen address; both families.
    HOSTNAME: '::',
    MULTIADMIN_API_URL: `http://${names.multiadmin(id.cluster)}:${PORTS.multiadmin.http}`,
    POSTGRES_HOST: names.gatewayService(id.cluster),
    POSTGRES_PORT: `${PORTS.multigateway.postgres}`,
    POSTGRES_DATABASE: 'postgres',
    POSTGRES_USER: resolved.postgresSuperuser,
  };
  return [...envOf(values), envSecret('POSTGRES_PASSWORD', name, key)];
};

const webPod = (scope: ClusterScope, labels: Record<string, string>): PodSpec => {
  const { spec } = scope.resolved.multiadminWeb;
  return serverPod(
    {
      name: 'multiadmin-web',
      image: imageOf(scope, 'multiadminWeb'),
      pull: scope.pull,
      user: RUN_AS.web,
      env: webEnv(scope),
      ports: PORTS.multiadminWeb,
      probes: {
        port: PORTS.multiadminWeb.http,
        paths: { startup: '/', liveness: '/', readiness: '/' },
      },
      resources: nonEmpty(spec.resources) ?? WEB_RESOURCES,
      parts: [CACHE],
      scheduling: { affinity: spec.affinity, spread: selectorOf(labels) },
    },
    scope.ctx,
  );
};

/** External addresses and annotations of a Service; its type stays ClusterIP. */
export const exposed = (external: External | undefined): ServiceOptions =>
  external?.enabled === true
    ? compact({
        annotations: nonEmpty(external.annotations),
        spec: compact({ externalIPs: nonEmpty(external.externalIPs) }),
      })
    : {};

export const webObjects = (scope: ClusterScope): KubeObject[] => {
  const { id, resolved } = scope;
  const labels = childLabels(id, COMPONENTS.multiadminWeb);
  const name = names.multiadminWeb(id.cluster);
  return [
    service(id, name, labels, PORTS.multiadminWeb, exposed(resolved.externalAdminWeb)),
    deployment(id, {
      name,
      labels,
      stateless: resolved.multiadminWeb.spec,
      pod: webPod(scope, labels),
    }),
  ];
};
