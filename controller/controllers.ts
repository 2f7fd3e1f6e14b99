import { cellController } from './cell/reconcile.ts';
import { createClusterController } from './cluster/reconcile.ts';
import type { Controller } from './controller.ts';
import { createShardController } from './shard/controller.ts';
import { tableGroupController } from './tablegroup/reconcile.ts';
import { topoServerController } from './toposerver/reconcile.ts';

export const createControllers = (): readonly Controller[] => [
  createClusterController(),
  topoServerController,
  cellController,
  tableGroupController,
  createShardController(),
];
