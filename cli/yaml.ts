import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { jsonTexts } from './json-texts.ts';
import type { Segment } from './paths.ts';
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
  const root = document.contents as Node;
  let values = 0;
  const reader: Reader = {
    document,
    spend: (node, depth) => {
      values += 1;
      if (values > MAX_VALUES || depth > MAX_DEPTH)
        throw new Unreadable('aliases make this too large', offsetOf(node));
    },
    onRepeated: (path, offset) =>
      repeated.push({ segments: [...path], position: positionAt(offset) }),
  };
  const value = valueOf(root, [], reader);
  const at = (node: Node, start: number, base: readonly Segment[], all: unknown): SourceValue => ({
    value: all,
    repeated: repeated
      .filter(({ segments }) => base.every((part, i) => segments[i] === part))
      .map(({ segments, position }) => ({ segments: segments.slice(base.length), position })),
    positionOf: (segments) => positionAt(locate(document, node, segments, start).offset),
    part: (segments) => {
      const found = locate(document, node, segments, start);
      return found.missing
        ? undefined
        : at(found.node, found.offset, [...base, ...segments], pick(all, segments));
    },
  });
  return at(root, offsetOf(root), [], value);
}

const pick = (value: unknown, segments: readonly Segment[]): unknown =>
  segments.reduce<unknown>(
    (inner, segment) => (inner as Record<Segment, unknown> | undefined)?.[segment],
    value,
  );

/** More values than any manifest has: aliases that multiply, or that lie in themselves. */
const MAX_VALUES = 1_000_000;
const MAX_DEPTH = 500;

interface Reader {
  document: Parsed;
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

function valueOf(given: unknown, path: Segment[], reader: Reader): unknown {
  const node = resolved(reader.document, given);
  if (node) reader.spend(node, path.length);
  if (isSeq(node)) return node.items.map((item, i) => valueOf(item, [...path, i], reader));
  if (isMap(node)) return objectOf(node, path, reader);
  return scalarOf(node);
}

function objectOf(node: YAMLMap, path: Segment[], reader: Reader): Record<string, unknown> {
  const own = new Map<string, unknown>();
  const merged = new Map<string, unknown>();
  for (const pair of node.items) {
    if (isMerge(pair)) {
      for (const [key, value] of mergedEntries(pair, path, reader))
        if (!merged.has(key)) merged.set(key, value);
      continue;
    }
    const key = keyOf(pair, reader.document);
    if (own.has(key)) reader.onRepeated([...path, key], offsetOf(pair.key as Node));
    own.set(key, valueOf(pair.value, [...path, key], reader));
  }
  return Object.fromEntries([...merged, ...own]);
}

function mergedEntries(pair: Pair, path: Segment[], reader: Reader): [string, unknown][] {
  const source = resolved(reader.document, pair.value);
  const parts = isSeq(source) ? source.items : [source];
  return parts.flatMap((part) => {
    const map = resolved(reader.document, part);
    if (!isMap(map))
      throw new Unreadable('<< needs a mapping', offsetOf((pair.key ?? pair.value) as Node));
    return Object.entries(objectOf(map, path, { ...reader, onRepeated: () => undefined }));
  });
}

/** Nothing stands after the colon. */
const isAbsent = (node: Scalar): boolean => node.type === 'PLAIN' && (node.source ?? '') === '';

interface Place {
  node: Node;
  offset: number;
  /** The rest of the path does not exist. */
  missing: boolean;
}

/** Values are found where they begin; mappings and lists at their key, which is what people look for. */
function locate(document: Parsed, root: Node, segments: readonly Segment[], start: number): Place {
  let place: Place = { node: root, offset: start, missing: false };
  for (const segment of segments) {
    const next = step(document, place.node, segment);
    if (!next) return { ...place, missing: true };
    place = next;
  }
  return place;
}

function step(document: Parsed, node: Node, segment: Segment): Place | undefined {
  if (isSeq(node)) {
    const item = resolved(document, node.items[Number(segment)]);
    if (!item || isPair(item)) return undefined;
    return { node: item, offset: offsetOf(item), missing: false };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.findLast(
    (candidate) => !isMerge(candidate) && keyOf(candidate, document) === String(segment),
  );
  if (pair) {
    const value = resolved(document, pair.value);
    const isWord = isScalar(value) && !isAlias(pair.value) && !isAbsent(value);
    const offset = isWord ? offsetOf(value as Node) : offsetOf(pair.key as Node);
    return value ? { node: value, offset, missing: false } : undefined;
  }
  return stepIntoMerged(document, node, segment);
}

/** What came with `<<` is found at the place of the `<<`. */
function stepIntoMerged(document: Parsed, node: YAMLMap, segment: Segment): Place | undefined {
  for (const pair of node.items.filter(isMerge)) {
    const source = resolved(document, pair.value);
    for (const part of isSeq(source) ? source.items : [source]) {
      const map = resolved(document, part);
      const found = isMap(map) ? step(document, map as Node, segment) : undefined;
      if (found) return { ...found, offset: offsetOf(pair.key as Node) };
    }
  }
  return undefined;
}
