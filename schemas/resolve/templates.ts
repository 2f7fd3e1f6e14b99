import { own } from '../own.ts';
import type { Problem } from '../problem.ts';
import type { MultigresCluster } from '../types.ts';
import { BUILTIN } from './builtin.ts';
import type { Templates } from './types.ts';

export type TemplateKind = 'CoreTemplate' | 'CellTemplate' | 'ShardTemplate';

/** Where the templates of a kind stand in `Templates`. */
export const TEMPLATE_PARTS = {
  CoreTemplate: 'core',
  CellTemplate: 'cell',
  ShardTemplate: 'shard',
} as const satisfies Record<TemplateKind, keyof Templates>;

/** A place in a cluster's spec that names a template. */
interface TemplateReference {
  kind: TemplateKind;
  path: string;
  name: string;
}

/** The template that applies to one component, if any. */
export interface TemplateChoice<T> {
  /** Name of a template that exists. */
  name?: string;
  template?: T;
  problem?: Problem;
}

/** A level of the chain: where a name may stand, and the name that stands there. */
interface TemplateLevel {
  path: string;
  name: string | undefined;
}

const missingTemplate = (
  { kind, path, name }: TemplateReference,
  available: Readonly<Record<string, unknown>>,
): Problem => {
  const existing = Object.keys(available).toSorted();
  return {
    path,
    value: name,
    message: `there is no ${kind} of this name in the cluster's namespace (there: ${existing.join(', ') || 'none'})`,
    fix: `create the ${kind} "${name}", or name one that exists`,
  };
};

/**
 * The first level that names a template decides, alone: lower levels are not merged underneath.
 * Without any name the template called `default` applies if it exists. A name without its template
 * is a problem, except `default`, which then counts as empty.
 */
export const chooseTemplate = <T>(
  kind: TemplateKind,
  available: Readonly<Record<string, T>>,
  levels: readonly TemplateLevel[],
): TemplateChoice<T> => {
  const level = levels.find(({ name }) => name);
  const name = level?.name ?? BUILTIN.template;
  const template = own(available, name);
  if (template !== undefined) return { name, template };
  if (!level || name === BUILTIN.template) return {};
  return { problem: missingTemplate({ kind, path: level.path, name }, available) };
};

/** Every place of the spec that names a template, in the order of the spec. */
export const templateReferences = (cluster: MultigresCluster): TemplateReference[] => {
  const { spec } = cluster;
  if (!spec) return [];
  const found: TemplateReference[] = [];
  const add = (kind: TemplateKind, path: string, name: string | undefined): void => {
    if (name) found.push({ kind, path, name });
  };
  const { templateDefaults: forAll } = spec;
  add('CoreTemplate', 'spec.templateDefaults.coreTemplate', forAll?.coreTemplate);
  add('CellTemplate', 'spec.templateDefaults.cellTemplate', forAll?.cellTemplate);
  add('ShardTemplate', 'spec.templateDefaults.shardTemplate', forAll?.shardTemplate);
  add('CoreTemplate', 'spec.globalTopoServer.templateRef', spec.globalTopoServer?.templateRef);
  add('CoreTemplate', 'spec.multiadmin.templateRef', spec.multiadmin?.templateRef);
  add('CoreTemplate', 'spec.multiadminWeb.templateRef', spec.multiadminWeb?.templateRef);
  (spec.cells ?? []).forEach(({ cellTemplate }, i) =>
    add('CellTemplate', `spec.cells[${i}].cellTemplate`, cellTemplate),
  );
  (spec.databases ?? []).forEach(({ tablegroups = [] }, d) => {
    tablegroups.forEach(({ shards = [] }, t) => {
      shards.forEach(({ shardTemplate }, s) => {
        const path = `spec.databases[${d}].tablegroups[${t}].shards[${s}].shardTemplate`;
        add('ShardTemplate', path, shardTemplate);
      });
    });
  });
  return found;
};

/**
 * A problem per reference whose template does not exist, `default` included: stricter than
 * `chooseTemplate`, for admission, where the author can still correct the name.
 */
export const missingTemplates = (cluster: MultigresCluster, templates: Templates): Problem[] =>
  templateReferences(cluster).flatMap((reference) => {
    const available = templates[TEMPLATE_PARTS[reference.kind]];
    return Object.hasOwn(available, reference.name) ? [] : [missingTemplate(reference, available)];
  });
