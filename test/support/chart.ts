import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../schemas/k8s.ts';

export const CHART = path.join(import.meta.dirname, '../../chart');
export const NAMESPACE = 'operators';
export const RELEASE = 'multigres-operator';

export interface HelmResult {
  code: number | null;
  out: string;
}

/** Runs helm (the one named by HELM, else the one on PATH); both of its outputs in one text. */
export function helm(args: string[], env: Record<string, string> = {}): HelmResult {
  const done = spawnSync(process.env['HELM'] ?? 'helm', args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 180_000,
  });
  if (done.error) throw done.error;
  return { code: done.status, out: done.stdout + done.stderr };
}

/** `helm template` as objects; throws with helm's words. */
export function render(args: string[] = [], kubeVersion = '1.34.0'): KubeObject[] {
  const base = ['template', RELEASE, CHART, '-n', NAMESPACE, '--kube-version', kubeVersion];
  const { code, out } = helm([...base, ...args]);
  if (code !== 0) throw new Error(out);
  return parseAllDocuments(out)
    .map((document) => {
      const [error] = document.errors;
      if (error) throw error;
      return document.toJS() as KubeObject | null;
    })
    .filter((object): object is KubeObject => object !== null);
}

/** Everything but the CRDs, which take half a second to read. */
export const renderSmall = (args: string[] = []): KubeObject[] =>
  render(['--set', 'crds.enabled=false', ...args]);

/** Each feature's values, as arguments of helm. */
export const CI_VALUES = readdirSync(path.join(CHART, 'ci'))
  .filter((name) => name.endsWith('-values.yaml'))
  .map((name) => ({ name, file: path.join(CHART, 'ci', name) }));

export function one(objects: readonly KubeObject[], kind: string, suffix = ''): KubeObject {
  const found = objects.filter(
    (object) => object.kind === kind && object.metadata.name.endsWith(suffix),
  );
  const [object] = found;
  if (!object || found.length > 1) {
    throw new Error(`${found.length} objects are a ${kind} whose name ends with "${suffix}"`);
  }
  return object;
}
