import type { KubeObject } from '../../schemas/k8s.ts';
import { COMPONENTS, LABELS } from '../../schemas/labels.ts';
import { names } from '../../schemas/names.ts';
import { PORTS } from '../../schemas/ports.ts';
import type { ResolvedCluster } from '../../schemas/resolve/types.ts';
import type { ComponentImages, MultigresCluster } from '../../schemas/types.ts';
import type { BuildContext } from '../builders/context.ts';
import { childLabels } from '../builders/meta.ts';
import { service } from '../builders/objects.ts';
import { adminObjects, exposed, webObjects } from './desired-servers.ts';
import { certificateObjects } from './certificates.ts';
import { cellObjects, globalTopoServer, tableGroupObjects } from './desired-children.ts';
import { clusterScope, type ClusterScope } from './scope.ts';

/**
 * What applications connect to: the gateways of all cells, so the selector names neither cell nor
 * anything that could differ between them.
 */
const gatewayServices = (scope: ClusterScope): KubeObject[] => {
  const { id, resolved } = scope;
  const labels = childLabels(id, COMPONENTS.multigateway);
  const selector = {
    [LABELS.component]: COMPONENTS.multigateway,
    [LABELS.instance]: id.cluster,
  };
  const { postgres, replica } = PORTS.multigateway;
  const gateway = names.gatewayService(id.cluster);
  const replicas = names.gatewayReplicaService(id.cluster);
  const external = exposed(resolved.externalGateway);
  return [
    service(id, gateway, labels, { postgres }, { ...external, selector }),
    service(id, replicas, labels, { 'pg-replica': replica }, { selector }),
  ];
};

/**
 * Everything a cluster wants to exist, in the order in which it is of use: topology and
 * certificates first, then what serves, then Cells and TableGroups. Of `cluster`, the object as the user
 * wrote it, only requests by annotation are taken; all other values come from `resolved`.
 */
export const clusterChildren = (
  resolved: ResolvedCluster,
  cluster: MultigresCluster,
  images: ComponentImages,
  ctx: BuildContext,
): KubeObject[] => {
  const scope = clusterScope(resolved, cluster, images, ctx);
  return [
    ...globalTopoServer(scope),
    ...certificateObjects(scope),
    ...adminObjects(scope),
    ...gatewayServices(scope),
    ...webObjects(scope),
    ...cellObjects(scope),
    ...tableGroupObjects(scope),
  ];
};
