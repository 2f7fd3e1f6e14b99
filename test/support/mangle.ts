/** Breaks AdmissionReviews in ways that a careless or hostile client might. */
import fc from 'fast-check';

/** One change of a JSON tree: `at` chooses the node. */
export interface Change {
  how: 'drop' | 'replace' | 'copy' | 'swap' | 'add' | 'nest';
  at: number;
  other: number;
  value: unknown;
}

export interface Mangling {
  seed: number;
  path: '/mutate' | '/validate';
  changes: Change[];
  /** What happens to the bytes afterwards. */
  bytes: { how: 'none' | 'cut' | 'flip' | 'insert' | 'repeat'; at: number; value: number };
}

/** Stands for a text that is put in later: a tree so deep cannot be written by JSON.stringify. */
const DEEP = '\u2063deep\u2063';
const DEPTH = 20_000;
const DEEP_TEXT = `${'{"a":['.repeat(DEPTH)}1${']}'.repeat(DEPTH)}`;
const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  '',
  '0',
  'a/b~c',
  'x'.repeat(300),
];

/** Any code points: `fc.string` of unit `binary` does the same, but first makes a map of all of them. */
const anyText = fc
  .array(
    fc.integer({ min: 0, max: 0x10_ffff - 0x800 }).map((n) => (n < 0xd800 ? n : n + 0x800)),
    { maxLength: 40 },
  )
  .map((points) => String.fromCodePoint(...points));

const junk = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown[]>(
      null,
      true,
      false,
      0,
      -1,
      1.5,
      1e308,
      '',
      '0',
      'null',
      '-1',
      '1e9Gi',
      [],
      {},
      [null],
      [[]],
      {},
    ),
  },
  { weight: 2, arbitrary: anyText },
  { weight: 1, arbitrary: fc.integer() },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'x'.repeat(100_000),
      '\uD800',
      '\u0000',
      'a\r\nb: c',
      `${'9'.repeat(400)}Gi`,
      DEEP,
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(...KEYS)
      .map((key) => JSON.parse(`{${JSON.stringify(key)}:{"polluted":1}}`) as unknown),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown> },
);

/** @param seeds number of reviews to choose from */
export const mangling = (seeds: number): fc.Arbitrary<Mangling> =>
  fc.record({
    seed: fc.nat({ max: seeds - 1 }),
    path: fc.constantFrom('/mutate', '/validate', '/validate'),
    changes: fc.array(
      fc.record({
        how: fc.constantFrom('drop', 'replace', 'replace', 'copy', 'swap', 'add', 'nest'),
        at: fc.nat(),
        other: fc.nat(),
        value: junk,
      }),
      { maxLength: 4, size: 'max' },
    ),
    bytes: fc.record({
      how: fc.oneof(
        { weight: 12, arbitrary: fc.constant('none' as const) },
        { weight: 1, arbitrary: fc.constantFrom('cut', 'flip', 'insert', 'repeat') },
      ),
      at: fc.nat(),
      value: fc.nat({ max: 255 }),
    }),
  });

interface Place {
  holder: Record<string, unknown>;
  key: string;
}

/** Every place below a value, so that the place of a change is chosen evenly. */
function places(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>;
    found.push({ holder, key });
    places(holder[key], found);
  }
  return found;
}

/** The body of the request, as bytes. */
export function mangle(review: object, { changes, bytes }: Mangling): Buffer {
  const tree = { review: structuredClone(review) as unknown };
  for (const change of changes) apply(tree, change);
  const text = (JSON.stringify(tree.review) ?? '').replaceAll(JSON.stringify(DEEP), DEEP_TEXT);
  return breakBytes(Buffer.from(text), bytes);
}

function apply(tree: object, { how, at, other, value }: Change): void {
  const all = places(tree);
  const place = all[at % all.length];
  const second = all[other % all.length];
  if (!place || !second) return;
  const { holder, key } = place;
  const node = holder[key];
  switch (how) {
    case 'drop':
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 'replace':
      holder[key] = structuredClone(value);
      break;
    case 'copy':
      if (Array.isArray(holder)) holder.push(structuredClone(node));
      else holder[`${key}${String(second.key)}`] = structuredClone(node);
      break;
    case 'swap': {
      const copy = structuredClone(second.holder[second.key]);
      second.holder[second.key] = structuredClone(node);
      holder[key] = copy;
      break;
    }
    case 'add':
      if (typeof node !== 'object' || node === null || Array.isArray(node)) break;
      define(node, KEYS[other % KEYS.length] ?? '', structuredClone(value));
      break;
    case 'nest':
      holder[key] = other % 2 === 0 ? [node] : { [second.key]: node };
      break;
  }
}

/** Also for `__proto__`, which an assignment would not store. */
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function breakBytes(body: Buffer, { how, at, value }: Mangling['bytes']): Buffer {
  const place = at % (body.length + 1);
  switch (how) {
    case 'none':
      return body;
    case 'cut':
      return body.subarray(0, place);
    case 'flip':
      if (place < body.length) body[place] = value;
      return body;
    case 'insert':
      return Buffer.concat([
        body.subarray(0, place),
        Buffer.from([value, 0xff, value]),
        body.subarray(place),
      ]);
    case 'repeat':
      return Buffer.concat([body, body.subarray(place)]);
  }
}
