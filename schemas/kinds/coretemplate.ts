import { type Kind, optional, struct } from './dsl.ts';
import { topoServerSpec } from './topology.ts';
import { placement, stateless } from './workloads.ts';

export const coreTemplate: Kind = {
  kind: 'CoreTemplate',
  plural: 'coretemplates',
  shortName: 'cot',
  doc: 'Settings of the topology server and the admin service, shared by clusters of a namespace.',
  writtenBy: 'user',
  spec: struct('CoreTemplateSpec', 'What clusters with this template get.', {
    globalTopoServer: optional(topoServerSpec, 'The managed topology server.'),
    multiadmin: optional(stateless, 'The admin service.'),
    multiadminPlacement: optional(placement, 'Where pods of the admin service may run.'),
    multiadminWeb: optional(stateless, 'The admin page.'),
  }),
  columns: [],
};
