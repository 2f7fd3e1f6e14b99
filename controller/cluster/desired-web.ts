import { nonEmpty } from '../../schemas/compact.ts';
import type { KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { COMPONENTS, selectorOf } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import type { External } from '../../schemas/types.ts';
import { deployment, ROLLING } from '../builders/deployment.ts';
import { envSecret } from '../builders/env.ts';
import { childLabels, projectAnnotation } from '../builders/meta.ts';
import { probes } from '../builders/probes.ts';
import { podBase } from '../builders/pull.ts';
import { WEB_RESOURCES } from '../builders/resources.ts';
import { scheduling } from '../builders/scheduling.ts';
import { containerSecurity, podSecurity, RUN_AS } from '../builders/security.ts';
import { service, type ServiceOptions } from '../builders/service.ts';
import { imageOf } from './images.ts';
import type { ClusterScope } from './scope.ts';

/** The web server keeps rendered pages here; the rest of its file system is read only. */
const CACHE = { name: 'cache', mountPath: '/app/.next/cache' };

const webEnv = (scope: ClusterScope): PodSpec['containers'][number]['env'] => {
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
  return [
    ...Object.entries(values).map(([variable, value]) => ({ name: variable, value })),
    envSecret('POSTGRES_PASSWORD', name, key),
  ];
};

const webPod = (scope: ClusterScope, labels: Record<string, string>): PodSpec => {
  const { spec } = scope.resolved.multiadminWeb;
  const { http } = PORTS.multiadminWeb;
  return {
    ...podBase(scope.pull),
    securityContext: podSecurity(RUN_AS.web),
    ...scheduling(
      { ...(spec.affinity && { affinity: spec.affinity }), spread: selectorOf(labels) },
      scope.ctx,
    ),
    containers: [
      {
        name: 'multiadmin-web',
        image: imageOf(scope.images, 'multiadminWeb'),
        imagePullPolicy: scope.pull.policy,
        env: webEnv(scope) ?? [],
        ports: [{ name: 'http', containerPort: http, protocol: 'TCP' }],
        ...probes(http, { startup: '/', liveness: '/', readiness: '/' }),
        resources: nonEmpty(spec.resources) ?? WEB_RESOURCES,
        securityContext: containerSecurity(RUN_AS.web),
        volumeMounts: [CACHE],
      },
    ],
    volumes: [{ name: CACHE.name, emptyDir: { sizeLimit: '64Mi' } }],
  };
};

/** External addresses and annotations of a Service; its type stays ClusterIP. */
export const exposed = (external: External | undefined): ServiceOptions =>
  external?.enabled === true
    ? {
        ...(nonEmpty(external.annotations) && { annotations: external.annotations ?? {} }),
        spec: {
          ...(nonEmpty(external.externalIPs) && { externalIPs: external.externalIPs }),
        },
      }
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
      strategy: ROLLING,
      podAnnotations: projectAnnotation(id),
      pod: webPod(scope, labels),
    }),
  ];
};
