/** Addresses by which a cluster is reached from outside of Kubernetes. Pure. */
import type { Condition, KubeObject } from '../../schemas/k8s.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { MultigresClusterStatus } from '../../schemas/types.ts';
import { condition } from '../observe/conditions.ts';

interface ServiceShape {
  spec?: { externalIPs?: string[] };
  status?: { loadBalancer?: { ingress?: { hostname?: string; ip?: string }[] } };
}

/** First external IP, else the load balancer's host name, else its address, else nothing. */
const endpointOf = (service: KubeObject | undefined): string => {
  const { spec, status } = (service ?? {}) as ServiceShape;
  const ingress = status?.loadBalancer?.ingress?.[0];
  return spec?.externalIPs?.[0] ?? ingress?.hostname ?? ingress?.ip ?? '';
};

interface ExternalInput {
  resolved: ResolvedCluster;
  services: { gateway: KubeObject | undefined; adminWeb: KubeObject | undefined };
  gatewaysReady: boolean;
  adminWebReady: boolean;
  generation: number | undefined;
}

interface Way {
  type: string;
  noneReady: string;
  what: string;
  ready: boolean;
}

const wayCondition = (way: Way, endpoint: string, generation: number | undefined): Condition => {
  if (endpoint === '') {
    const text = `The Service has no external address yet: set externalIPs, or let a load balancer give one`;
    return condition(way.type, false, 'AwaitingEndpoint', text, generation);
  }
  return way.ready
    ? condition(way.type, true, 'EndpointReady', `${way.what} answers at ${endpoint}`, generation)
    : condition(way.type, false, way.noneReady, `No ${way.what} pod is ready`, generation);
};

/** Endpoints and conditions of what is exposed; nothing of what is not. */
export const externalStatus = (
  input: ExternalInput,
): {
  status: Pick<MultigresClusterStatus, 'gateway' | 'adminWeb'>;
  conditions: Condition[];
} => {
  const { resolved, services, generation } = input;
  const conditions: Condition[] = [];
  const status: Pick<MultigresClusterStatus, 'gateway' | 'adminWeb'> = {};
  if (resolved.externalGateway?.enabled) {
    const externalEndpoint = endpointOf(services.gateway);
    status.gateway = { externalEndpoint };
    const way: Way = {
      type: 'GatewayExternalReady',
      noneReady: 'NoReadyGateways',
      what: 'multigateway',
      ready: input.gatewaysReady,
    };
    conditions.push(wayCondition(way, externalEndpoint, generation));
  }
  if (resolved.externalAdminWeb?.enabled) {
    const externalEndpoint = endpointOf(services.adminWeb);
    status.adminWeb = { externalEndpoint };
    const way: Way = {
      type: 'AdminWebExternalReady',
      noneReady: 'NoReadyAdminWeb',
      what: 'multiadmin-web',
      ready: input.adminWebReady,
    };
    conditions.push(wayCondition(way, externalEndpoint, generation));
  }
  return { status, conditions };
};
