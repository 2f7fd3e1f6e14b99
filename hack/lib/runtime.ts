/** Which runtime a cluster of ours runs: published images, images named by the caller, or the emulator. */
import { canPull, emulatorImages, loadImages, pullImages, type RuntimeImages } from './tools.ts';
import { DEFAULT_IMAGES, ETCD_IMAGE, EXPORTER_IMAGE } from '../../schemas/images.ts';

/** Command line options of every script that starts a runtime. */
export const RUNTIME_OPTIONS = {
  runtime: { type: 'string' },
  'image-multigres': { type: 'string' },
  'image-postgres': { type: 'string' },
  'image-web': { type: 'string' },
  'image-etcd': { type: 'string' },
  'image-exporter': { type: 'string' },
} as const;

export type RuntimeChoice = Partial<Record<keyof typeof RUNTIME_OPTIONS, string>>;

/** The same choice from the environment (MULTIGRES_RUNTIME, MULTIGRES_IMAGE_…), for test files. */
export function runtimeFromEnv(env: NodeJS.ProcessEnv): RuntimeChoice {
  const choice: RuntimeChoice = {};
  for (const name of Object.keys(RUNTIME_OPTIONS) as (keyof typeof RUNTIME_OPTIONS)[]) {
    const value = env[`MULTIGRES_${name.replaceAll('-', '_').toUpperCase()}`];
    if (value) choice[name] = value;
  }
  return choice;
}

const PUBLISHED: RuntimeImages = {
  kind: 'images',
  description: 'the published Multigres images',
  multigres: DEFAULT_IMAGES.multipooler,
  postgres: DEFAULT_IMAGES.postgres,
  web: DEFAULT_IMAGES.multiadminWeb,
  etcd: ETCD_IMAGE,
  exporter: EXPORTER_IMAGE,
};

/** Decides, prepares and loads the images into the kind cluster's workers. */
export async function prepareRuntime(choice: RuntimeChoice): Promise<RuntimeImages> {
  const wanted = choice.runtime ?? 'auto';
  if (!['auto', 'images', 'emulator'].includes(wanted)) {
    throw new Error(`--runtime ${wanted} is not known: use images, emulator or auto`);
  }
  const named = namedImages(choice);
  if (named) {
    if (wanted === 'emulator')
      throw new Error('--image-… and --runtime emulator exclude each other');
    return await fillUp(named, choice);
  }
  if (wanted === 'emulator') return await emulatorImages();
  if (await canPull(PUBLISHED.multigres)) {
    await pullImages([
      PUBLISHED.multigres,
      PUBLISHED.postgres,
      PUBLISHED.web,
      PUBLISHED.etcd,
      PUBLISHED.exporter,
    ]);
    return { ...PUBLISHED, description: `the published Multigres images (${PUBLISHED.multigres})` };
  }
  if (wanted === 'images') {
    throw new Error(
      `no registry of container images answers for ${PUBLISHED.multigres}: name images that the docker engine has with --image-multigres and --image-postgres, or use --runtime emulator`,
    );
  }
  return await emulatorImages();
}

function namedImages(choice: RuntimeChoice): { multigres: string; postgres: string } | undefined {
  const multigres = choice['image-multigres'];
  const postgres = choice['image-postgres'];
  if (!multigres && !postgres) return undefined;
  if (!multigres || !postgres) {
    throw new Error('give both --image-multigres and --image-postgres: the two are built together');
  }
  return { multigres, postgres };
}

/** Images that were not named (etcd, exporter, web) come from the emulator's set, which is built here. */
async function fillUp(
  named: { multigres: string; postgres: string },
  choice: RuntimeChoice,
): Promise<RuntimeImages> {
  const ours = await emulatorImages();
  const images: RuntimeImages = {
    kind: 'images',
    description: `the Multigres images that you named (${named.multigres}, ${named.postgres})`,
    ...named,
    web: choice['image-web'] ?? ours.web,
    etcd: choice['image-etcd'] ?? ours.etcd,
    exporter: choice['image-exporter'] ?? ours.exporter,
  };
  const fromEngine = [named.multigres, named.postgres];
  for (const name of ['image-web', 'image-etcd', 'image-exporter'] as const) {
    const value = choice[name];
    if (value) fromEngine.push(value);
  }
  await loadImages(fromEngine);
  return images;
}
