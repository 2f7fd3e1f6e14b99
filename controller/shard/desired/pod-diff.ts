/**
 * Why a pod must be replaced, in words. The spec hash says that it must; here the built pod is compared with the
 * one that runs to say what is different. A pod read back holds more than was written: the API server adds
 * defaults, admission plugins add tolerations, and injectors add variables, volumes and containers. So only
 * what the builder writes is compared, and what only the running pod has counts when nothing else explains the hash.
 */
import type { Container, Pod, PodSpec, Quantity } from '../../../schemas/k8s.ts';
import { ANNOTATIONS } from '../../../schemas/labels.ts';
import { compareQuantity } from '../../../schemas/quantity.ts';

/** In words. `perhaps`: it may be an addition of somebody else. */
interface Difference {
  text: string;
  perhaps?: true;
}

const sure = (text: string): Difference[] => [{ text }];
const perhaps = (text: string): Difference[] => [{ text, perhaps: true }];
const unless = (same: boolean, text: string): Difference[] => (same ? [] : sure(text));

const sureOf = (found: readonly Difference[]): string[] =>
  found.flatMap((one) => (one.perhaps ? [] : [one.text]));
const perhapsOf = (found: readonly Difference[]): string[] =>
  found.flatMap((one) => (one.perhaps ? [one.text] : []));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isScalar = (value: unknown): value is Quantity =>
  typeof value === 'string' || typeof value === 'number';

/** All that is wanted is there; quantities (`1024Mi`, `1Gi`) by value, as the API server rewrites them. */
const covers = (observed: unknown, wanted: unknown): boolean => {
  if (wanted === undefined) return true;
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(observed) &&
      observed.length === wanted.length &&
      wanted.every((item, i) => covers(observed[i], item))
    );
  }
  if (isRecord(wanted)) {
    return (
      isRecord(observed) && Object.keys(wanted).every((key) => covers(observed[key], wanted[key]))
    );
  }
  if (wanted === observed) return true;
  return isScalar(wanted) && isScalar(observed) && compareQuantity(wanted, observed) === 0;
};

/** Longer values are left out of the text. */
const LONGEST_VALUE = 60;
const change = (from: string, to: string): string =>
  Math.max(from.length, to.length) > LONGEST_VALUE ? 'changed' : `${from} -> ${to}`;

/** Items of two lists side by side, by a key. Those of `wanted` first, in its order. */
const byKey = <T>(
  wanted: readonly T[],
  observed: readonly T[],
  keyOf: (item: T) => string,
  compare: (key: string, want: T | undefined, have: T | undefined) => Difference[],
): Difference[] => {
  const wants = new Map(wanted.map((item) => [keyOf(item), item]));
  const haves = new Map(observed.map((item) => [keyOf(item), item]));
  return [...new Set([...wants.keys(), ...haves.keys()])].flatMap((key) =>
    compare(key, wants.get(key), haves.get(key)),
  );
};

/** Parts of which only a name is told: their values may be secret, or say nothing in one line. */
const named = <T>(
  what: string,
  wanted: readonly T[],
  observed: readonly T[],
  keyOf: (item: T) => string,
): Difference[] =>
  byKey(wanted, observed, keyOf, (key, want, have) => {
    if (want === undefined) return perhaps(`${what} ${key} removed`);
    if (have === undefined) return sure(`${what} ${key} added`);
    return unless(covers(have, want), `${what} ${key} changed`);
  });

/** `--name=value` as both; words as they are. */
const argument = (text: string): { name: string; value: string | undefined } => {
  const at = text.indexOf('=');
  return text.startsWith('--') && at > 0
    ? { name: text.slice(0, at), value: text.slice(at + 1) }
    : { name: text, value: undefined };
};

const argumentsOf = (where: string, wanted: Container, observed: Container): Difference[] => {
  const [want, have] = [wanted.args ?? [], observed.args ?? []];
  const found = byKey(
    want.map(argument),
    have.map(argument),
    ({ name }) => name,
    (name, to, from) => {
      if (to === undefined) return sure(`${where}: argument ${name} removed`);
      if (from === undefined) return sure(`${where}: argument ${name} added`);
      const text = change(from.value ?? 'none', to.value ?? 'none');
      return unless(to.value === from.value, `${where}: argument ${name} ${text}`);
    },
  );
  return found.length > 0
    ? found
    : unless(covers(have, want), `${where}: order of the arguments changed`);
};

const resourcesOf = (wanted: Container, observed: Container): Difference[] => {
  const kinds = ['limits', 'requests'] as const;
  const found = kinds.flatMap((kind) => {
    const [want = {}, have = {}] = [wanted.resources?.[kind], observed.resources?.[kind]];
    const limits = observed.resources?.limits ?? {};
    return byKey(
      Object.entries(want),
      Object.entries(have),
      ([name]) => name,
      (name, to, from) => {
        const text = `${name} ${kind.slice(0, -1)} ${change(String(from?.[1] ?? 'none'), String(to?.[1] ?? 'none'))}`;
        if (to !== undefined) return unless(covers(from?.[1], to[1]), text);
        // A request that nobody wrote becomes that of the limit.
        const isDefault = kind === 'requests' && covers(limits[name], from?.[1]);
        return isDefault ? [] : perhaps(text);
      },
    );
  });
  const told = (list: string[]): string[] =>
    list.length > 0 ? [`resources of container ${wanted.name}: ${list.join(', ')}`] : [];
  return [...told(sureOf(found)).flatMap(sure), ...told(perhapsOf(found)).flatMap(perhaps)];
};

const containerOf = (
  name: string,
  wanted: Container | undefined,
  observed: Container | undefined,
): Difference[] => {
  const where = `container ${name}`;
  if (wanted === undefined) return perhaps(`${where} removed`);
  if (observed === undefined) return sure(`${where} added`);
  const same = (key: 'command' | 'securityContext', what: string): Difference[] =>
    unless(covers(observed[key], wanted[key]), `${where}: ${what} changed`);
  return [
    ...unless(
      observed.image === wanted.image,
      `${where}: image ${observed.image} -> ${wanted.image}`,
    ),
    ...same('command', 'command'),
    ...argumentsOf(where, wanted, observed),
    ...named(`${where}: variable`, wanted.env ?? [], observed.env ?? [], (env) => env.name),
    ...resourcesOf(wanted, observed),
    ...named(`${where}: mount`, wanted.volumeMounts ?? [], observed.volumeMounts ?? [], (mount) => mount.mountPath), // prettier-ignore
    ...same('securityContext', 'security context'),
  ];
};

const containersOf = (wanted: PodSpec, observed: PodSpec): Difference[] =>
  (['initContainers', 'containers'] as const).flatMap((list) =>
    byKey(wanted[list] ?? [], observed[list] ?? [], ({ name }) => name, containerOf),
  );

const specOf = (wanted: PodSpec, observed: PodSpec): Difference[] => {
  const { terminationGracePeriodSeconds: grace, serviceAccountName: account } = wanted;
  const { terminationGracePeriodSeconds: was, serviceAccountName: before } = observed;
  const tolerated = (wanted.tolerations ?? []).every((one) =>
    (observed.tolerations ?? []).some((other) => covers(other, one)),
  );
  const same = (key: 'affinity' | 'nodeSelector' | 'securityContext', what: string): Difference[] =>
    unless(covers(observed[key], wanted[key]), `${what} changed`);
  return [
    ...containersOf(wanted, observed),
    ...named('volume', wanted.volumes ?? [], observed.volumes ?? [], ({ name }) => name),
    ...same('affinity', 'affinity'),
    ...unless(tolerated, 'tolerations changed'),
    ...same('nodeSelector', 'node selector'),
    ...same('securityContext', 'security context of the pod'),
    ...unless(grace === undefined || grace === was, `time to stop ${was ?? '?'} s -> ${grace} s`),
    ...unless(account === undefined || account === before, `service account ${before ?? 'none'} -> ${account}`), // prettier-ignore
  ];
};

const imagesOf = (pod: Pod): string =>
  [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
    .map(({ name, image }) => `${name}=${image}`)
    .toSorted()
    .join(' ');

const differs = (wanted: Pod, observed: Pod, key: string): boolean =>
  wanted.metadata.annotations?.[key] !== observed.metadata.annotations?.[key];

/**
 * Why the pod that runs must be replaced by the wanted one, the images first; empty when it need not: its
 * spec hash and its images are the wanted ones. `specification changed` when no difference can be named.
 */
export const whyReplaced = (wanted: Pod, observed: Pod): string[] => {
  const drifted =
    differs(wanted, observed, ANNOTATIONS.specHash) || imagesOf(wanted) !== imagesOf(observed);
  if (!drifted) return [];
  const none: PodSpec = { containers: [] };
  const found = specOf(wanted.spec ?? none, observed.spec ?? none);
  const settings = differs(wanted, observed, ANNOTATIONS.postgresConfigHash)
    ? ['settings that need a restart changed']
    : [];
  const texts = [...sureOf(found), ...settings];
  const isImage = (text: string): boolean => text.includes(': image ');
  const told = texts.length > 0 ? texts : perhapsOf(found);
  if (told.length === 0) return ['specification changed'];
  return [...told.filter(isImage), ...told.filter((text) => !isImage(text))];
};
