import type { KubeObject } from '../../../schemas/k8s.ts';
import { COMPONENTS } from '../../../schemas/labels.ts';
import { names } from '../../../schemas/names.ts';
import { childMeta } from '../../builders/meta.ts';
import { EXPORTER_QUERIES } from './exporter-queries.ts';
import { FILES } from './paths.ts';
import { configMap, shardLabels, type ShardScope } from './scope.ts';

/** Passwords everywhere, also on the socket; no row trusts a place or a system user. */
const HBA = [
  'local all all scram-sha-256',
  'local replication all scram-sha-256',
  'host replication all 0.0.0.0/0 scram-sha-256',
  'host replication all ::/0 scram-sha-256',
  'host all all 0.0.0.0/0 scram-sha-256',
  'host all all ::/0 scram-sha-256',
  '',
].join('\n');

export const configMaps = (scope: ShardScope): KubeObject[] =>
  [
    { name: names.pgHba(scope.name), component: COMPONENTS.pgHba, data: { [FILES.hba]: HBA } },
    {
      name: names.postgresConfig(scope.name),
      component: COMPONENTS.postgresConfig,
      data: { [FILES.config]: scope.config.text },
    },
    {
      name: names.exporterQueries(scope.name),
      component: COMPONENTS.exporterQueries,
      data: { [FILES.queries]: EXPORTER_QUERIES },
    },
  ].map(({ name, component, data }) =>
    configMap(childMeta(scope.id, name, shardLabels(scope, component)), data),
  );
