import { Document, isScalar, isMap, isSeq, type Node } from 'yaml';
import { count } from '../../webhook/policies/words.ts';
import { pointerOf, type Segment } from '../../schemas/paths.ts';
import type { ExplainedCluster, ExplainResult, Source } from './explain.ts';
import type { ExplainedShard } from './shards.ts';

const FORMAT_VERSION = 1;

/** See docs/cli.md, which describes each key. */
export function renderExplainJson({ clusters, findings, failures }: ExplainResult): string {
  return `${JSON.stringify({ version: FORMAT_VERSION, clusters, findings, failures }, null, 2)}\n`;
}

/** One YAML document for each cluster: comments say where values come from, and what shards survive. */
export function renderExplainText({ clusters }: ExplainResult): string {
  return clusters.map(clusterText).join('---\n');
}

function clusterText(cluster: ExplainedCluster): string {
  const { file, line, namespace, name, templates, resolved, sources, shards } = cluster;
  const head = [
    `MultigresCluster ${namespace}/${name} (${file}:${line}) as it will run`,
    templates.length === 0
      ? 'templates: none'
      : `templates: ${templates
          .map(
            (one) =>
              `${one.kind} ${one.name}${one.implicit ? " (the namespace's default)" : ''}${one.file === undefined ? '' : ` (${one.file}:${one.line})`}`,
          )
          .join(', ')}`,
  ];
  const document = new Document(resolved, { aliasDuplicateObjects: false });
  annotate(document.contents as Node | null, [], sources);
  return [
    comment(head),
    document.toString({ lineWidth: 0 }).trimEnd(),
    '',
    comment(shards.flatMap((shard, i) => [...(i > 0 ? [''] : []), ...shardText(shard)])),
    '',
  ].join('\n');
}

const comment = (lines: readonly string[]): string =>
  lines.map((line) => `# ${line}`.trimEnd()).join('\n');

function annotate(
  node: Node | null,
  segments: readonly Segment[],
  sources: ExplainedCluster['sources'],
): void {
  const empty = (isMap(node) || isSeq(node)) && node.items.length === 0;
  if (isScalar(node) || empty) {
    const source = sources[pointerOf(segments)];
    if (source) node.comment = ` ${sourceText(source)}`;
  } else if (isSeq(node)) {
    node.items.forEach((item, i) => annotate(item as Node, [...segments, i], sources));
  } else if (isMap(node)) {
    for (const { key, value } of node.items)
      annotate(value as Node | null, [...segments, String(key)], sources);
  }
}

function sourceText(source: Source): string {
  switch (source.from) {
    case 'manifest':
    case 'overrides': {
      const where =
        source.from === 'overrides' ? `overrides, line ${source.line}` : `line ${source.line}`;
      return source.derived ? `made from ${where}` : where;
    }
    case 'template': {
      const { kind, name, implicit, file, line } = source;
      const place = file === undefined ? '' : `, ${file}:${line}`;
      const text = `${kind} ${name}${implicit ? " (the namespace's default)" : ''}${place}`;
      return source.derived ? `made from ${text}` : text;
    }
    case 'default':
      return source.stored ? 'default, stored by admission' : 'built-in default';
    case 'stored':
      return 'stored in the cluster, not in the file';
    case 'namespace':
      return 'the namespace asked for';
  }
}

const HARM = {
  none: 'a new leader is elected and writes go on',
  'lost-could-confirm':
    'no election: the lost members alone could hold confirmed writes that nobody else has',
  'no-majority': 'no election: too few are left',
  'rest-too-few': 'no writes: the rest cannot satisfy the policy',
  'no-orchestrator': 'no election: no multiorch is left',
} as const;

function shardText(shard: ExplainedShard): string[] {
  const { name, policy, orchestratorsByCell, durability, losses } = shard;
  const title = `shard ${name}: ${policy}`;
  if (!durability) return [`${title}, which is no policy that the runtime has`];
  const { members, cells, achievable, writeTolerance, failoverTolerance } = durability;
  const width = Math.max(4, ...losses.map(({ cell }) => cell.length));
  const orchestrators = Object.values(orchestratorsByCell).reduce((sum, n) => sum + n, 0);
  const survives = losses.filter(({ harm }) => harm === 'none').length;
  return [
    `${title}, ${count(members, 'member')} in ${count(cells, 'cell')}${achievable ? '' : ': the policy cannot be met'}`,
    `  write tolerance     ${writeTolerance}  standbys, whichever, that may be lost while writes go on`,
    `  failover tolerance  ${failoverTolerance}  members, the leader too, that may be lost: the rest elects a leader that writes`,
    `  orchestrators       ${orchestrators}  ${orchestrators === 0 ? 'nobody elects a leader' : `in ${Object.keys(orchestratorsByCell).join(', ')}`}`,
    `  cells survived      ${survives} of ${losses.length}`,
    `  ${'cell'.padEnd(width)}  members  if the whole cell is lost`,
    ...losses.map(
      ({ cell, lost, harm }) =>
        `  ${cell.padEnd(width)}  ${String(lost).padStart(7)}  ${HARM[harm]}`,
    ),
  ];
}
