/** For clusters that are paused: all of a reconcile but its writes, which are noted instead. */
import type { KindName, KubeObject, ObjectRef } from '../../schemas/k8s.ts';
import { apiVersionOf } from '../../kube/api.ts';
import { compact } from '../../schemas/compact.ts';
import type { Deps } from '../deps.ts';
import { nameOf } from './children.ts';

/** Longer lists help nobody. */
const MAX_PENDING = 20;

/**
 * Deps that write nothing to the Kubernetes API. Objects that would be applied are compared by a dry run.
 * Events and log lines about what is done are left out, as nothing is; statuses are written with the deps
 * that these are made of.
 */
export const withoutWrites = (deps: Deps): { deps: Deps; pending: string[] } => {
  /** What would have been written, in words: `apply Cell demo-a`. */
  const pending: string[] = [];
  const note = (what: string): void => {
    if (!pending.includes(what) && pending.length < MAX_PENDING) pending.push(what);
  };
  /** Notes it, and gives what is stored. */
  const noted = (verb: string, { kind, namespace, name }: ObjectRef): KubeObject => {
    note(`${verb} ${kind.kind} ${name}`);
    const found = deps.listers[kind.kind as KindName].get(namespace, name);
    const metadata = compact({ name, namespace });
    return found ?? { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
  };
  const notedObject = (verb: string, object: KubeObject): KubeObject => {
    note(`${verb} ${nameOf(object)}`);
    return object;
  };
  const quiet = (): void => {};
  return {
    pending,
    deps: {
      ...deps,
      kube: {
        ...deps.kube,
        create: async (object) => notedObject('create', object),
        apply: async (object) => notedObject('apply', object),
        mergePatch: async (ref) => noted('change', ref),
        replaceStatus: async (ref) => noted('write the status of', ref),
        async delete(ref) {
          noted('delete', ref);
          return false;
        },
        raw: async (method, path, body) => {
          if (method === 'GET') return deps.kube.raw(method, path, body);
          note(`${method} ${path}`);
          return undefined;
        },
      },
      applier: {
        ...deps.applier,
        async apply(desired, observed) {
          if (await deps.applier.wouldChange(desired, observed)) notedObject('apply', desired);
          return { object: observed ?? desired, changed: false };
        },
      },
      events: { event: quiet, flush: async () => {} },
      log: {
        debug: quiet,
        info: quiet,
        warn: (fields, message) => deps.log.warn(fields, message),
        error: (fields, message) => deps.log.error(fields, message),
        child: (fields) => deps.log.child(fields),
      },
    },
  };
};
