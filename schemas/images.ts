import { sha256 } from './canonical.ts';
import { ANNOTATIONS } from './labels.ts';
import type { Problem } from './problem.ts';
import { parseJson } from './text.ts';
import type { ComponentImages, MultigresCluster, MultigresClusterStatus } from './types.ts';
import { isRecord } from './walk.ts';

/** A full set: one image per component of the data plane. */
export type ImageSet = Required<ComponentImages>;

/** What the operator runs where the cluster's spec names no image. */
export type DefaultImages = ImageSet & { etcd: string; exporter: string };

export const ETCD_IMAGE = 'gcr.io/etcd-development/etcd:v3.6.7';
export const EXPORTER_IMAGE = 'quay.io/prometheuscommunity/postgres-exporter:v0.20.1';

const RUNTIME = 'ghcr.io/multigres/multigres:sha-66d2310';

/** The set that upstream's operator compiles in, so both operators run the same bits. */
export const DEFAULT_IMAGES: DefaultImages = {
  postgres: 'ghcr.io/multigres/pgctld:sha-66d2310',
  multiadmin: RUNTIME,
  multiadminWeb: 'ghcr.io/multigres/multiadmin-web:sha-64da1ab',
  multiorch: RUNTIME,
  multipooler: RUNTIME,
  multigateway: RUNTIME,
  etcd: ETCD_IMAGE,
  exporter: EXPORTER_IMAGE,
};

/** Environment variable per image. The last two are ours, the others upstream's. */
export const IMAGE_VARIABLES: Record<keyof DefaultImages, string> = {
  postgres: 'MULTIGRES_IMAGE_POSTGRES',
  multiadmin: 'MULTIGRES_IMAGE_MULTIADMIN',
  multiadminWeb: 'MULTIGRES_IMAGE_MULTIADMIN_WEB',
  multiorch: 'MULTIGRES_IMAGE_MULTIORCH',
  multipooler: 'MULTIGRES_IMAGE_MULTIPOOLER',
  multigateway: 'MULTIGRES_IMAGE_MULTIGATEWAY',
  etcd: 'MULTIGRES_IMAGE_ETCD',
  exporter: 'MULTIGRES_IMAGE_EXPORTER',
};

/** The compiled set with the environment's overrides; values are trimmed, blank ones ignored. */
export const defaultImagesFromEnv = (
  env: Readonly<Record<string, string | undefined>>,
): DefaultImages => {
  const entries = Object.entries(DEFAULT_IMAGES).map(([key, image]) => [
    key,
    env[IMAGE_VARIABLES[key as keyof DefaultImages]]?.trim() || image,
  ]);
  return Object.fromEntries(entries) as DefaultImages;
};

export const COMPONENTS = [
  'multiadmin',
  'multiadminWeb',
  'multigateway',
  'multiorch',
  'multipooler',
  'postgres',
] as const satisfies readonly (keyof ImageSet)[];

const setOf = (pick: (component: keyof ImageSet) => string): ImageSet =>
  Object.fromEntries(COMPONENTS.map((one) => [one, pick(one)])) as ImageSet;

/** First 12 hex digits of the SHA-256 over `<component in lower case>=<image>` lines, sorted. */
export const imageRevision = (images: ImageSet): string =>
  sha256(
    COMPONENTS.map((component) => `${component.toLowerCase()}=${images[component]}`)
      .toSorted()
      .join('\n'),
  ).slice(0, 12);

/** Content of the annotation while every image is pinned by the spec. A JSON string. */
const FULLY_PINNED = JSON.stringify('fully-pinned');

/** Where the default set in force was noted: the annotation outlives a wiped status. */
export interface ImageRecord {
  annotation?: string;
  applied?: ComponentImages;
}

const imageRecordOf = (cluster: MultigresCluster): ImageRecord => {
  const annotation = cluster.metadata.annotations?.[ANNOTATIONS.appliedImages];
  const applied = cluster.status?.images?.applied;
  return { ...(annotation && { annotation }), ...(applied && { applied }) };
};

const completeSet = (value: unknown): ImageSet | undefined => {
  if (!isRecord(value)) return undefined;
  const complete = COMPONENTS.every((c) => typeof value[c] === 'string' && value[c] !== '');
  return complete ? setOf((c) => String(value[c])) : undefined;
};

const readRecord = ({ annotation, applied = {} }: ImageRecord): ImageSet | 'none' | 'invalid' => {
  if (annotation === FULLY_PINNED) return 'none';
  const noted = completeSet(parseJson(annotation ?? '')) ?? completeSet(applied);
  const isBlank = annotation === undefined && Object.keys(applied).length === 0;
  return noted ?? (isBlank ? 'none' : 'invalid');
};

export type ImageStrategy = 'immediate' | 'lazy';

/** Content of the condition ImageRolloutPending. */
interface ImageCondition {
  status: 'True' | 'False';
  reason: 'UpToDate' | 'FullyPinned' | 'AwaitingAcknowledgement' | 'RevisionMismatch';
  message: string;
}

export type ImageResolution =
  | {
      ok: true;
      /** What runs: pins of the spec over the default set in force. */
      effective: ImageSet;
      /** `status.images` of the cluster. */
      status: NonNullable<MultigresClusterStatus['images']>;
      condition: ImageCondition;
      /** Value that the cluster's applied-images annotation must have. */
      annotation: string;
      /** Text of a Warning event: an acknowledged revision that names no known set. */
      warning?: string;
    }
  | { ok: false; problem: Problem };

interface Decision {
  applied: ImageSet;
  condition: ImageCondition;
  warning?: string;
}

const upToDate = (applied: ImageSet): Decision => ({
  applied,
  condition: {
    status: 'False',
    reason: 'UpToDate',
    message: `The default images of revision ${imageRevision(applied)} are applied`,
  },
});

/** Immediate: adopt. Lazy: hold what is recorded until the owner acknowledges the new revision. */
const decide = (
  available: ImageSet,
  recorded: ImageSet | undefined,
  strategy: ImageStrategy,
  acknowledged: string,
): Decision => {
  const revision = imageRevision(available);
  const old = recorded && imageRevision(recorded);
  const unknown = acknowledged !== '' && acknowledged !== revision && acknowledged !== old;
  const warning = `acknowledgedRevision ${acknowledged} names neither the available revision ${revision}${old ? ` nor the applied one ${old}` : ''}`;
  if (strategy === 'immediate' || !recorded || old === revision || acknowledged === revision) {
    return { ...upToDate(available), ...(unknown && { warning }) };
  }
  const message = `Revision ${revision} of the default images is available, ${old} stays applied until spec.imageUpdatePolicy.acknowledgedRevision is ${revision}`;
  return {
    applied: recorded,
    condition: {
      status: 'True',
      reason: unknown ? 'RevisionMismatch' : 'AwaitingAcknowledgement',
      message: unknown ? `${message}; ${warning}` : message,
    },
    ...(unknown && { warning }),
  };
};

/**
 * Which images run. Never stored in the spec: a cluster follows the operator's default set, at once
 * or when its owner agrees. `strategy` is the operator's, used where the spec names none.
 */
export const resolveImages = (
  cluster: MultigresCluster,
  defaults: ImageSet,
  strategy: ImageStrategy,
  record: ImageRecord = imageRecordOf(cluster),
): ImageResolution => {
  const policy = cluster.spec?.imageUpdatePolicy;
  const updateStrategy = policy?.strategy ?? strategy;
  const pins = cluster.spec?.images ?? {};
  const pinned = COMPONENTS.filter((component) => pins[component]).length;
  const available = setOf((component) => defaults[component]);

  if (pinned === COMPONENTS.length) {
    const effective = setOf((component) => pins[component] ?? '');
    return {
      ok: true,
      effective,
      status: { updateStrategy, effective, source: 'explicit' },
      condition: {
        status: 'False',
        reason: 'FullyPinned',
        message: 'All six images are set in spec.images',
      },
      annotation: FULLY_PINNED,
    };
  }

  const recorded = readRecord(record);
  if (recorded === 'invalid' && updateStrategy === 'lazy') {
    return { ok: false, problem: unusableRecord(record) };
  }
  const { applied, condition, warning } = decide(
    available,
    typeof recorded === 'string' ? undefined : recorded,
    updateStrategy,
    policy?.acknowledgedRevision ?? '',
  );
  const effective = setOf((component) => pins[component] || applied[component]);
  return {
    ok: true,
    effective,
    status: {
      updateStrategy,
      effective,
      source: pinned === 0 ? 'defaults' : 'mixed',
      applied,
      appliedRevision: imageRevision(applied),
      available,
      availableRevision: imageRevision(available),
    },
    condition,
    annotation: JSON.stringify(applied),
    ...(warning !== undefined && { warning }),
  };
};

/** Lazy and no idea what runs: choosing anything could roll pods that nobody agreed to roll. */
const unusableRecord = (record: ImageRecord): Problem => ({
  path: `metadata.annotations["${ANNOTATIONS.appliedImages}"]`,
  ...(record.annotation !== undefined && { value: record.annotation }),
  message:
    'the record of the applied images is unusable (allowed: a JSON object with all six images), and so is status.images.applied',
  fix: 'write the images that run now into the annotation, or remove it to adopt the available set',
});
