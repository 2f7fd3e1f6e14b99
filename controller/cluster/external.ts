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
}

interface Way {
  what: string;
  type: string;
  noneReady: string;
  ready: boolean;
}

const wayCondition = ({ what, type, noneReady, ready }: Way, endpoint: string): Condition => {
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
  status: Pick<MultigresClusterStatus, 'gateway' | 'adminWeb'>;
  conditions: Condition[];
} => {
  const conditions: Condition[] = [];
  const status: Pick<MultigresClusterStatus, 'gateway' | 'adminWeb'> = {};
  const expose = (key: 'gateway' | 'adminWeb', way: Way): void => {
    const externalEndpoint = endpointOf(services[key]);
    status[key] = { externalEndpoint };
    conditions.push(wayCondition(way, externalEndpoint));
  };
  if (resolved.externalGateway?.enabled) {
    expose('gateway', {
      what: 'multigateway',
      type: 'GatewayExternalReady',
      noneReady: 'NoReadyGateways',
      ready: gatewaysReady,
    });
  }
  if (resolved.externalAdminWeb?.enabled) {
    expose('adminWeb', {
      what: 'multiadmin-web',
      type: 'AdminWebExternalReady',
      noneReady: 'NoReadyAdminWeb',
      ready: adminWebReady,
    });
  }
  return { status, conditions };
};
