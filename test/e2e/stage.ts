/** The kind cluster that the end-to-end tests share, with the operator in it. */
import { buildBundles } from '../../hack/build.ts';
import * as demo from '../../hack/lib/demo.ts';
import { prepareRuntime, runtimeFromEnv } from '../../hack/lib/runtime.ts';
import { say } from '../../hack/lib/run.ts';
import {
  helm,
  type Kubectl,
  kindCluster,
  operatorImage,
  type RuntimeImages,
} from '../../hack/lib/tools.ts';

export interface Stage {
  kubectl: Kubectl;
  images: RuntimeImages;
  /** Of the operator. */
  image: string;
  /** Path of helm. */
  program: string;
}

/**
 * The operator of this checkout on the shared kind cluster. What an earlier run left is removed, unless
 * `reuse` is set: then a demo cluster that is there stays.
 */
export async function prepareStage({ reuse = false } = {}): Promise<Stage> {
  const kubectl = await kindCluster();
  await buildBundles();
  const image = await operatorImage();
  const images = await prepareRuntime(runtimeFromEnv(process.env));
  say(`runtime: ${images.description}`);
  const program = await helm();
  const NS = demo.DEMO_NAMESPACE;
  if (!reuse) {
    await kubectl.try(['-n', NS, 'delete', 'multigresclusters', '--all', '--timeout=180s']);
    await kubectl.try(['delete', 'namespace', NS, '--timeout=180s']);
  }
  await demo.installOperator(program, kubectl, image, images);
  await demo.prepareNamespace(kubectl, images);
  return { kubectl, images, image, program };
}
