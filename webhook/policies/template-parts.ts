import { compact } from '../../schemas/compact.ts';
import type { KubeObject, ResourceRequirements } from '../../schemas/k8s.ts';
import type { CellTemplate, CoreTemplate, ShardTemplate, Storage } from '../../schemas/types.ts';
import type { Segment } from './locate.ts';
import type { PolicyKind } from './policy.ts';

/** A piece of a template that has sizes of its own, whether or not a cluster uses it. */
interface TemplatePart {
  /** For texts: `the etcd`, `postgres of pool main`. */
  owner: string;
  path: Segment[];
  resources?: ResourceRequirements;
  storage?: Storage;
}

/** The pieces that a template says something of; none for other kinds. */
export function templateParts(kind: PolicyKind, object: KubeObject): TemplatePart[] {
  if (kind === 'CoreTemplate') return ofCore(object as CoreTemplate);
  if (kind === 'CellTemplate') return ofCell(object as CellTemplate);
  return kind === 'ShardTemplate' ? ofShard(object as ShardTemplate) : [];
}

type Sizes = { resources?: ResourceRequirements; storage?: Storage } | undefined;

function part(owner: string, sizes: Sizes, ...path: Segment[]): TemplatePart[] {
  if (!sizes) return [];
  const { resources, storage } = sizes;
  return [{ owner, path: ['spec', ...path], ...compact({ resources, storage }) }];
}

function ofCore({ spec }: CoreTemplate): TemplatePart[] {
  return [
    ...part('the global etcd', spec?.globalTopoServer?.etcd, 'globalTopoServer', 'etcd'),
    ...part('multiadmin', spec?.multiadmin, 'multiadmin'),
    ...part('multiadmin-web', spec?.multiadminWeb, 'multiadminWeb'),
  ];
}

function ofCell({ spec }: CellTemplate): TemplatePart[] {
  return [
    ...part('the gateway', spec?.multigateway, 'multigateway'),
    ...part('the etcd of the cell', spec?.localTopoServer?.etcd, 'localTopoServer', 'etcd'),
  ];
}

function ofShard({ spec }: ShardTemplate): TemplatePart[] {
  return [
    ...part('multiorch', spec?.multiorch, 'multiorch'),
    ...Object.entries(spec?.pools ?? {}).flatMap(([name, pool]) => [
      ...part(`pool ${name}`, pool.storage && { storage: pool.storage }, 'pools', name),
      ...part(`postgres of pool ${name}`, pool.postgres, 'pools', name, 'postgres'),
      ...part(`multipooler of pool ${name}`, pool.multipooler, 'pools', name, 'multipooler'),
    ]),
  ];
}
