import { resolveCluster } from '../../schemas/resolve/cluster.ts';
import { TEMPLATE_PARTS, type TemplateKind } from '../../schemas/resolve/templates.ts';
import type { ResolvedCluster, RunningShards, Templates } from '../../schemas/resolve/types.ts';
import type { MultigresCluster } from '../../schemas/types.ts';
import { isRecord } from '../../schemas/walk.ts';
import { pointerOf, type Segment } from '../../schemas/paths.ts';
import { valueAt } from '../../webhook/policies/locate.ts';
import { type Leaf, leavesOf, withValue } from './leaves.ts';

/** Where a resolved value was written. */
type Written =
  | { in: 'cluster'; segments: readonly Segment[] }
  | { in: 'template'; kind: TemplateKind; name: string; segments: readonly Segment[] };

/** Where a resolved value comes from. `derived`: made from what was written, as names are. */
export type Origin = { how: 'written' | 'derived'; from: Written } | { how: 'default' };

/** Origin of each leaf of a resolved cluster, by JSON pointer. */
type Provenance = Readonly<Record<string, Origin>>;

interface Sources {
  cluster: MultigresCluster;
  templates: Templates;
  /** What runs already, which a changed default does not shrink. */
  running?: RunningShards;
}

/**
 * Finds out where each value of a resolved cluster was written, by experiment: changes one written
 * value at a time, resolves again and sees which results change with it. So it holds whatever the
 * rules of merging are, and cannot disagree with them. Pure.
 */
export function provenanceOf(sources: Sources, resolved: ResolvedCluster): Provenance {
  const leaves = leavesOf(resolved);
  const origins = new Map<string, Origin>();
  for (const written of writtenLeaves(sources)) {
    const mark = markOf(written.leaf.value);
    const changed = resolveOrNothing(written.change(mark));
    if (changed === undefined) continue;
    for (const { segments, value } of leaves) {
      const how = compare(value, valueAt(changed, segments), mark);
      if (how === undefined) continue;
      const pointer = pointerOf(segments);
      if (how === 'written' || !origins.has(pointer))
        origins.set(pointer, { how, from: written.from });
    }
  }
  return Object.fromEntries(
    leaves.map(({ segments }) => {
      const pointer = pointerOf(segments);
      return [pointer, origins.get(pointer) ?? { how: 'default' }];
    }),
  );
}

const TEMPLATE_KINDS = Object.entries(TEMPLATE_PARTS) as [TemplateKind, keyof Templates][];

interface WrittenLeaf {
  leaf: Leaf;
  from: Written;
  /** The sources with another value there. */
  change(value: unknown): Sources;
}

function writtenLeaves(sources: Sources): WrittenLeaf[] {
  const { cluster, templates } = sources;
  const { metadata, spec } = cluster;
  const { name, namespace, annotations } = metadata;
  const own = leavesOf({ metadata: { name, namespace, annotations }, spec })
    .filter(({ value }) => value !== undefined)
    .map((leaf): WrittenLeaf => {
      const { segments } = leaf;
      return {
        leaf,
        from: { in: 'cluster', segments },
        change: (value) => ({
          ...sources,
          cluster: withValue(cluster, segments, value),
          templates: withAlias(templates, leaf.value, value),
        }),
      };
    });
  const others = TEMPLATE_KINDS.flatMap(([kind, part]) =>
    Object.entries(templates[part]).flatMap(([template, object]) =>
      leavesOf({ spec: object.spec }).map((leaf): WrittenLeaf => {
        const { segments } = leaf;
        return {
          leaf,
          from: { in: 'template', kind, name: template, segments },
          change: (value) => ({
            ...sources,
            templates: withValue(templates, [part, template, ...segments], value),
          }),
        };
      }),
    ),
  );
  return [...own, ...others];
}

/** A changed name of a template still finds it. */
function withAlias(templates: Templates, name: unknown, alias: unknown): Templates {
  if (typeof name !== 'string' || typeof alias !== 'string') return templates;
  const add = <T>(named: Readonly<Record<string, T>>): Readonly<Record<string, T>> => {
    const found = Object.hasOwn(named, name) ? named[name] : undefined;
    return found === undefined ? named : { ...named, [alias]: found };
  };
  const { core, cell, shard } = templates;
  return { core: add(core), cell: add(cell), shard: add(shard) };
}

/** In no manifest: a character that YAML forbids. Sorts right after what it is put behind. */
const MARK = '\u{1}';
const MARK_NUMBER = 1_000_003;

/** Another value of the same type that can be told again in the result. */
function markOf(value: unknown): unknown {
  if (typeof value === 'string') return `${value}${MARK}`;
  if (typeof value === 'number') return value + MARK_NUMBER;
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return [MARK];
  return { [MARK]: MARK };
}

/** What a result says about the changed value: it is that value, it was made from it, or nothing. */
function compare(before: unknown, after: unknown, mark: unknown): Origin['how'] | undefined {
  if (before === after) return undefined;
  if (Array.isArray(mark))
    return Array.isArray(before) && Array.isArray(after) && after[0] === MARK
      ? 'written'
      : undefined;
  if (isRecord(mark))
    return isRecord(before) && isRecord(after) && MARK in after ? 'written' : undefined;
  if (after === mark) return 'written';
  return typeof after === 'string' && after.includes(MARK) ? 'derived' : undefined;
}

function resolveOrNothing({ cluster, templates, running }: Sources): ResolvedCluster | undefined {
  const result = resolveCluster(cluster, templates, running ? { running } : {});
  return result.ok ? result.value : undefined;
}
