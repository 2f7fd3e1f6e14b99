import { STORED } from '../schemas/defaults/stored.ts';

const listed = (names: readonly string[]): string =>
  `[${names.map((name) => `"${name}"`).join(', ')}]`;

/** `k` is missing in the map at `place`, or an empty text there. */
const lacking = (place: string, names: readonly string[]): string =>
  `type(${place}) == map && ${listed(names)}.exists(k, !(k in ${place}) || ${place}[k] == "")`;

/** Exactly one of these names is given; with another number of them admission may have to say which. */
const CHOICES = ['spec', 'etcd', 'external', 'templateRef'];

/**
 * True for each cluster into which `defaultCluster` would write something, and for some others. With our
 * CRD, which has the constants among the defaults, hardly any: then the API server need not ask, and a
 * write waits for one webhook instead of two. Values may be of any type here, since the schema is checked
 * later; an expression that fails would refuse them without a good reason.
 */
export const SOMETHING_TO_WRITE = {
  name: 'something-to-write',
  expression: `!has(object.spec) || [object.spec].exists(s, type(s) == map && (${[
    `${listed(Object.keys(STORED))}.exists(k, !(k in s))`,
    ...['durabilityPolicy', 'postgresSuperuser'].map((name) => `s.${name} == ""`),
    lacking('s.images', Object.keys(STORED.images)),
    lacking('s.logLevels', Object.keys(STORED.logLevels)),
    `["globalTopoServer", "multiadmin", "multiadminWeb"].exists(k, k in s && type(s[k]) == map && ${listed(CHOICES)}.filter(p, p in s[k] && s[k][p] != "").size() != 1)`,
    `type(s.databases) == list && s.databases.exists(d, type(d) == map && "tablegroups" in d && d.tablegroups == [])`,
  ]
    .map((part) => `(${part})`)
    .join(' || ')}))`,
} as const;
