import { type Kind, optional, struct } from './dsl.ts';
import { text } from './scalars.ts';
import { commonStatus, conditionPath } from './status.ts';
import { topoServerSpec } from './topology.ts';

export const topoServer: Kind = {
  kind: 'TopoServer',
  plural: 'toposervers',
  shortName: 'tps',
  doc: 'A managed topology server, of a cluster or of one cell.',
  writtenBy: 'operator',
  spec: topoServerSpec,
  status: struct('TopoServerStatus', 'State of a topology server.', {
    ...commonStatus,
    clientService: optional(text, 'Service for clients.'),
    peerService: optional(text, 'Service between the members.'),
  }),
  columns: [
    { name: 'Ready', type: 'string', jsonPath: conditionPath('Available') },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
  ],
};
