import type { KindRef, KubeObject, ObjectRef } from '../schemas/k8s.ts';
import { FIELD_MANAGER, apiPath, kindOf, queryOf, typed, type KubeApi } from './api.ts';
import { isKubeError } from './errors.ts';
import { createRequester, type Call, type RequestOptions } from './request.ts';
import { METADATA_ONLY, runWatch } from './watch.ts';

/** A write that the API accepted, as observers see it. */
export interface Write {
  verb: 'create' | 'apply' | 'patch' | 'delete';
  kind: KindRef;
  namespace?: string;
  name: string;
  subresource?: string;
  /** The version of the local copy when the write was sent: the watch may be ahead of the answer. */
  knownVersion?: string | undefined;
  /** The answer; absent when the object is gone for good. */
  object?: KubeObject;
  /** Set for deletes that the caller or the answer named a uid for. */
  uid?: string;
}

export interface ClientOptions extends RequestOptions {
  /** Called for each accepted write, before the caller gets its answer. */
  onWrite?: (write: Write) => void;
  /** The resourceVersion of the local copy of an object, to tell writes that changed nothing. */
  knownVersion?: (ref: ObjectRef) => string | undefined;
}

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** KubeApi over a transport: paths, deadlines, rate limit, repetition, errors. */
export function createClient(options: ClientOptions): KubeApi {
  const { clock } = options;
  const { send, request } = createRequester(options);
  const object = async (call: Call): Promise<KubeObject> => (await request(call)) as KubeObject;
  const wrote = (write: Omit<Write, 'namespace'> & { namespace?: string | undefined }) =>
    options.onWrite?.(write as Write);

  return {
    async get(ref, get = {}) {
      try {
        return await object({
          what: words('get', ref),
          method: 'GET',
          path: apiPath(ref.kind, ref.namespace, ref.name),
          ...(get.metadataOnly ? { accept: METADATA_ONLY } : {}),
          repeatable: true,
        });
      } catch (error) {
        if (isKubeError(error, 'gone')) return undefined;
        throw error;
      }
    },

    async list(kind, list = {}) {
      const query = queryOf({
        labelSelector: list.labelSelector,
        fieldSelector: list.fieldSelector,
        limit: list.limit,
        continue: list.continue,
      });
      const body = (await request({
        what: `list ${kind.plural}${list.namespace ? ` in ${list.namespace}` : ''}`,
        method: 'GET',
        path: apiPath(kind, list.namespace) + query,
        ...(list.metadataOnly ? { accept: METADATA_LIST } : {}),
        repeatable: true,
      })) as { items?: KubeObject[]; metadata: { resourceVersion: string; continue?: string } };
      return {
        items: (body.items ?? []).map((item) => typed(kind, item)),
        resourceVersion: body.metadata.resourceVersion,
        ...(body.metadata.continue ? { continue: body.metadata.continue } : {}),
      };
    },

    async create(desired) {
      const kind = kindOf(desired);
      const { namespace, name } = desired.metadata;
      const answer = await object({
        what: words('create', { kind, name, ...(namespace ? { namespace } : {}) }),
        method: 'POST',
        path: apiPath(kind, namespace) + queryOf({ fieldManager: FIELD_MANAGER }),
        body: desired,
        repeatable: false,
      });
      wrote({ verb: 'create', kind, namespace, name: answer.metadata.name, object: answer });
      return answer;
    },

    async apply(desired, opts = {}) {
      const kind = kindOf(desired);
      const { namespace, name } = desired.metadata;
      const ref: ObjectRef = { kind, name, ...(namespace ? { namespace } : {}) };
      const knownVersion = options.knownVersion?.(ref);
      const answer = await object({
        what: words('apply', ref, opts.subresource),
        method: 'PATCH',
        path:
          apiPath(kind, namespace, name, opts.subresource) +
          queryOf({
            fieldManager: opts.fieldManager ?? FIELD_MANAGER,
            force: 'true',
            dryRun: opts.dryRun ? 'All' : undefined,
          }),
        contentType: 'application/apply-patch+yaml',
        body: desired,
        repeatable: true,
      });
      if (!opts.dryRun) {
        const sub = opts.subresource ? { subresource: opts.subresource } : {};
        wrote({ verb: 'apply', ...ref, ...sub, knownVersion, object: answer });
      }
      return answer;
    },

    async mergePatch(ref, patch, opts = {}) {
      const knownVersion = options.knownVersion?.(ref);
      const answer = await object({
        what: words('patch', ref, opts.subresource),
        method: 'PATCH',
        path:
          apiPath(ref.kind, ref.namespace, ref.name, opts.subresource) +
          queryOf({ fieldManager: FIELD_MANAGER }),
        contentType: 'application/merge-patch+json',
        body: patch,
        repeatable: true,
      });
      const sub = opts.subresource ? { subresource: opts.subresource } : {};
      wrote({ verb: 'patch', ...ref, ...sub, knownVersion, object: answer });
      return answer;
    },

    async replaceStatus(ref, status) {
      const knownVersion = options.knownVersion?.(ref);
      const subresource = 'status';
      const answer = await object({
        what: words('write', ref, subresource),
        method: 'PATCH',
        path:
          apiPath(ref.kind, ref.namespace, ref.name, subresource) +
          queryOf({ fieldManager: FIELD_MANAGER }),
        contentType: 'application/json-patch+json',
        // In a JSON patch `add` also replaces what is there.
        body: [{ op: 'add', path: '/status', value: status }],
        repeatable: true,
      });
      wrote({ verb: 'patch', ...ref, subresource, knownVersion, object: answer });
      return answer;
    },

    async delete(ref, opts = {}) {
      const preconditions = {
        ...(opts.uid === undefined ? {} : { uid: opts.uid }),
        ...(opts.resourceVersion === undefined ? {} : { resourceVersion: opts.resourceVersion }),
      };
      try {
        const answer = await object({
          what: words('delete', ref),
          method: 'DELETE',
          path: apiPath(ref.kind, ref.namespace, ref.name),
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            ...(Object.keys(preconditions).length > 0 ? { preconditions } : {}),
            ...(opts.gracePeriodSeconds === undefined
              ? {}
              : { gracePeriodSeconds: opts.gracePeriodSeconds }),
            propagationPolicy: opts.propagation ?? 'Background',
          },
          repeatable: true,
        });
        wrote({ verb: 'delete', ...ref, ...deleted(ref.kind, answer, opts.uid) });
        return true;
      } catch (error) {
        if (!isKubeError(error, 'gone')) throw error;
        wrote({ verb: 'delete', ...ref, ...(opts.uid === undefined ? {} : { uid: opts.uid }) });
        return false;
      }
    },

    async watch(kind, watch, onEvent, signal) {
      await runWatch({ kind, watch, onEvent, signal, clock, send });
    },

    raw: (method, path, body) =>
      request({
        what: `${method} ${path.split('?')[0] ?? path}`,
        method,
        path,
        ...(body === undefined ? {} : { body }),
        repeatable: method === 'GET' || method === 'PUT',
      }),
  };
}

/** The answer to a delete is the object while it is on its way out, else a Status with its uid. */
function deleted(
  kind: KindRef,
  answer: KubeObject & { details?: { uid?: string } },
  uid: string | undefined,
): { object?: KubeObject; uid?: string } {
  if (answer.kind === kind.kind) {
    const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = answer.metadata;
    const stays =
      deletionTimestamp !== undefined &&
      ((finalizers ?? []).length > 0 || (deletionGracePeriodSeconds ?? 0) > 0);
    if (stays) return { object: answer };
    return answer.metadata.uid === undefined ? {} : { uid: answer.metadata.uid };
  }
  const found = answer.details?.uid ?? uid;
  return found === undefined ? {} : { uid: found };
}

function words(verb: string, ref: ObjectRef, subresource?: string): string {
  const name = ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name;
  return `${verb} ${ref.kind.kind} ${name}${subresource ? ` ${subresource}` : ''}`;
}
