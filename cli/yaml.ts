import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { jsonTexts } from './json-texts.ts';
import type { Segment } from '../schemas/paths.ts';
import { controlCharacter, refusedLines } from './refused-text.ts';
import { plainValue, taggedValue } from './scalars.ts';

/** Both count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** One thing that stops a file from being read. */
export interface ReadError extends Position {
  message: string;
}

/** A part of a file that is one value, and where its parts stand. */
export interface SourceValue {
  value: unknown;
  /** Where a part stands; for a part that does not, where the nearest one around it does. */
  positionOf(segments: readonly Segment[]): Position;
  /** The part itself; undefined if it is not there. */
  part(segments: readonly Segment[]): SourceValue | undefined;
  /** Keys that stand twice in one mapping: the last one counts. */
  repeated: { segments: Segment[]; position: Position }[];
}

type ReadResult =
  | { ok: true; documents: SourceValue[] }
  | { ok: false; errors: ReadError[]; documents: SourceValue[] };

class Unreadable extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

const PARSE = {
  schema: 'failsafe',
  version: '1.1',
  uniqueKeys: false,
  prettyErrors: false,
  stringKeys: false,
  logLevel: 'silent',
} as const;

/** Reads YAML (or JSON) the way kubectl does. Documents that are empty or null are left out. */
export function readYaml(text: string): ReadResult {
  const positionAt = positionsIn(text);
  const control = controlCharacter(text);
  if (control >= 0) {
    const message = 'control characters are not allowed: this is no text';
    return { ok: false, errors: [{ ...positionAt(control), message }], documents: [] };
  }
  const errors = refusedLines(text).map(({ offset, message }) => ({
    ...positionAt(offset),
    message,
  }));
  const documents: SourceValue[] = [];
  for (const { start, text: part } of jsonTexts(text)) {
    const at = (offset: number): Position => positionAt(start + offset);
    for (const [i, document] of parseAllDocuments(part, PARSE).entries()) {
      const [error] = document.errors;
      if (error) {
        errors.push({ ...at(error.pos[0]), message: firstLine(error.message) });
        continue;
      }
      if (!hasContent(document)) continue;
      if (i > 0 && !document.directives.docStart)
        errors.push({ ...at(offsetOf(document.contents as Node)), message: BEHIND_END });
      try {
        const source = sourceOf(document, at);
        if (source.value !== null) documents.push(source);
      } catch (failure) {
        if (!(failure instanceof Unreadable)) throw failure;
        errors.push({ ...at(failure.offset), message: failure.message });
      }
    }
  }
  return errors.length > 0 ? { ok: false, errors, documents } : { ok: true, documents };
}

const BEHIND_END = 'kubectl leaves out what stands behind "...": begin it with "---"';

function positionsIn(text: string): (offset: number) => Position {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1))
    lines.addNewLine(end + 1);
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

type Parsed = Document.Parsed;

function hasContent({ contents }: Parsed): boolean {
  if (!contents) return false;
  return !(isScalar(contents) && contents.type === 'PLAIN' && contents.source === '');
}

function sourceOf(document: Parsed, positionAt: (offset: number) => Position): SourceValue {
  const repeated: SourceValue['repeated'] = [];
  let values = 0;
  const reader: Reader = {
    document,
    merges: 0,
    spend: (node, depth) => {
      values += 1;
      if (values > MAX_VALUES || depth > MAX_DEPTH)
        throw new Unreadable('aliases make this too large', offsetOf(node));
    },
    onRepeated: (path, offset) =>
      repeated.push({ segments: [...path], position: positionAt(offset) }),
  };
  const sourceAt = (tree: Tree, base: readonly Segment[]): SourceValue => ({
    value: tree.value,
    repeated: repeated
      .filter(({ segments }) => base.every((part, i) => segments[i] === part))
      .map(({ segments, position }) => ({ segments: segments.slice(base.length), position })),
    positionOf: (segments) => positionAt(wayTo(tree, segments).at(-1)?.offset ?? 0),
    part: (segments) => {
      const found = wayTo(tree, segments)[segments.length];
      return found && sourceAt(found, [...base, ...segments]);
    },
  });
  return sourceAt(treeOf(document.contents, [], reader), []);
}

/** A value and its parts, in mappings by key and in lists by index. */
interface Tree {
  value: unknown;
  /** Where people look for it; undefined if nothing stands there, as in `{key}`. */
  offset: number | undefined;
  parts: ReadonlyMap<string, Tree>;
}

/** A tree and those on the way down to a part, as far as they exist. */
function wayTo(tree: Tree, segments: readonly Segment[]): Tree[] {
  const way = [tree];
  for (const segment of segments) {
    const next = way.at(-1)?.parts.get(String(segment));
    if (next?.offset === undefined) break;
    way.push(next);
  }
  return way;
}

/** More values than any manifest has: aliases that multiply, or that lie in themselves. */
const MAX_VALUES = 1_000_000;
const MAX_DEPTH = 500;

interface Reader {
  document: Parsed;
  /** How many `<<` lie around. */
  merges: number;
  /** Counts the values made so far. */
  spend(node: Node, depth: number): void;
  onRepeated(path: readonly Segment[], offset: number): void;
}

const offsetOf = (node: Node): number => node.range?.[0] ?? 0;

function resolved(document: Parsed, node: unknown): Node | null {
  if (!isAlias(node)) return (node ?? null) as Node | null;
  const target = node.resolve(document);
  if (target) return target as Node;
  throw new Unreadable(`unknown anchor ${node.source}`, offsetOf(node));
}

function scalarOf(node: unknown): string | number | boolean | null {
  if (!isScalar(node)) return null;
  const text = typeof node.value === 'string' ? node.value : '';
  const tagged = taggedValue(node.tag, text);
  const plain = node.type === 'PLAIN' ? { value: plainValue(text) } : { value: text };
  const { value } = tagged ?? plain;
  if (value === undefined)
    throw new Unreadable(`${text} is no number that JSON has`, offsetOf(node as Node));
  return value;
}

function keyOf(pair: Pair, document: Parsed): string {
  const node = resolved(document, pair.key);
  if (!isScalar(node)) throw new Unreadable('a key must be a word', node ? offsetOf(node) : 0);
  const key = scalarOf(node);
  if (key === null) throw new Unreadable('a key must not be null', offsetOf(node as Node));
  return String(key);
}

const isMerge = (pair: Pair): boolean =>
  isScalar(pair.key) && pair.key.type === 'PLAIN' && pair.key.value === '<<';

const NO_PARTS: Tree['parts'] = new Map();

function treeOf(given: unknown, path: Segment[], reader: Reader): Tree {
  const node = resolved(reader.document, given);
  if (node) reader.spend(node, path.length);
  const offset = node ? offsetOf(node) : undefined;
  if (isMap(node)) return { ...partsOf(node, path, reader), offset };
  if (!isSeq(node)) return { value: scalarOf(node), offset, parts: NO_PARTS };
  const items = node.items.map((item, i) => treeOf(item, [...path, i], reader));
  return {
    value: items.map(({ value }) => value),
    offset,
    parts: new Map(items.map((item, i) => [String(i), item])),
  };
}

/** A part that is found at its key, and what came with `<<` at that. */
const foundAt = ({ key }: Pair, tree: Tree): Tree =>
  tree.offset === undefined ? tree : { ...tree, offset: offsetOf(key as Node) };

/** Values are found where they begin; mappings and lists at their key, which is what people look for. */
function partsOf(node: YAMLMap, path: Segment[], reader: Reader): Pick<Tree, 'value' | 'parts'> {
  const own = new Map<string, Tree>();
  const merged = new Map<string, Tree>();
  for (const pair of node.items) {
    if (isMerge(pair)) {
      for (const [key, tree] of mergedParts(pair, path, reader))
        if (!merged.has(key)) merged.set(key, foundAt(pair, tree));
      continue;
    }
    const key = keyOf(pair, reader.document);
    if (own.has(key)) reader.onRepeated([...path, key], offsetOf(pair.key as Node));
    const tree = treeOf(pair.value, [...path, key], reader);
    own.set(key, isWord(pair.value) ? tree : foundAt(pair, tree));
  }
  const parts = new Map([...merged, ...own]);
  return { value: Object.fromEntries([...parts].map(([key, { value }]) => [key, value])), parts };
}

function mergedParts(pair: Pair, path: Segment[], reader: Reader): [string, Tree][] {
  const source = resolved(reader.document, pair.value);
  const inner = { ...reader, merges: reader.merges + 1, onRepeated: () => undefined };
  return (isSeq(source) ? source.items : [source]).flatMap((part) => {
    const map = resolved(reader.document, part);
    if (!isMap(map))
      throw new Unreadable('<< needs a mapping', offsetOf((pair.key ?? pair.value) as Node));
    reader.spend(map, path.length + inner.merges);
    return [...partsOf(map, path, inner).parts];
  });
}

/** Something stands after the colon itself, and it has no parts. */
const isWord = (node: unknown): boolean =>
  isScalar(node) && !(node.type === 'PLAIN' && (node.source ?? '') === '');
