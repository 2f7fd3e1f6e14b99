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
  services: Record<Way, KubeObject | undefined>;
  gatewaysReady: boolean;
  adminWebReady: boolean;
}

const WAYS = {
  gateway: {
    what: 'multigateway',
    type: 'GatewayExternalReady',
    noneReady: 'NoReadyGateways',
  },
  adminWeb: {
    what: 'multiadmin-web',
    type: 'AdminWebExternalReady',
    noneReady: 'NoReadyAdminWeb',
  },
} as const;
type Way = keyof typeof WAYS;

const wayCondition = (way: Way, ready: boolean, endpoint: string): Condition => {
  const { what, type, noneReady } = WAYS[way];
  if (endpoint === '') {
    const text = `The Service has no external address yet: set externalIPs, or let a load balancer give one`;
    return condition(type, false, 'AwaitingEndpoint', text);
  }
  return ready
    ? condition(type, true, 'EndpointReady', `${what} answers at ${endpoint}`)
    : condition(type, false, noneReady, `No ${what} pod is ready`);
};

/** Endpoints and conditions of what is exposed; nothing of what is not. */
export const externalStatus = ({
  resolved,
  services,
  gatewaysReady,
  adminWebReady,
}: ExternalInput): {
  status: Pick<MultigresClusterStatus, Way>;
  conditions: Condition[];
} => {
  const asked = { gateway: resolved.externalGateway, adminWeb: resolved.externalAdminWeb };
  const ready = { gateway: gatewaysReady, adminWeb: adminWebReady };
  const ways = (['gateway', 'adminWeb'] as const).filter((way) => asked[way]?.enabled);
  const status: Pick<MultigresClusterStatus, Way> = {};
  const conditions = ways.map((way) => {
    const externalEndpoint = endpointOf(services[way]);
    status[way] = { externalEndpoint };
    return wayCondition(way, ready[way], externalEndpoint);
  });
  return { status, conditions };
};
