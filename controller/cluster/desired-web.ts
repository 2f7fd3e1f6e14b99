import { compact, nonEmpty } from '../../schemas/compact.ts';
import type { EnvVar, KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { COMPONENTS, selectorOf } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import type { External } from '../../schemas/types.ts';
import { deployment } from '../builders/deployment.ts';
import { envOf, envSecret } from '../builders/env.ts';
import { childLabels } from '../builders/meta.ts';
import { serverPod, type PodPart } from '../builders/pod.ts';
import { WEB_RESOURCES } from '../builders/resources.ts';
import { RUN_AS } from '../builders/security.ts';
import { service, type ServiceOptions } from '../builders/service.ts';
import { imageOf, type ClusterScope } from './scope.ts';

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
