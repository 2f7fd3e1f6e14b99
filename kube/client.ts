import type { KindRef, KubeObject, ObjectRef } from '../schemas/k8s.ts';
import { FIELD_MANAGERS } from '../schemas/labels.ts';
import { apiPath, queryOf, refOf, typed, type KubeApi } from './api.ts';
import { isKubeError } from './errors.ts';
import { createRequester, type Call, type RequestOptions } from './request.ts';
import { METADATA_ONLY, runWatch } from './watch.ts';

/** Field manager of everything the controller writes. */
const FIELD_MANAGER = FIELD_MANAGERS.controller;

/** A write that the API accepted, as observers see it. */
export interface Write {
  verb: 'create' | 'apply' | 'patch' | 'delete';
  kind: KindRef;
  namespace?: string;
  name: string;
  subresource?: string | undefined;
  /** The version of the local copy when the write was sent: the watch may be ahead of the answer. */
  knownVersion?: string | undefined;
  /** The answer; absent when the object is gone for good. */
  object?: KubeObject;
  /** Set for deletes that the caller or the answer named a uid for. */
  uid?: string | undefined;
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
  const wrote = (write: Write) => options.onWrite?.(write);

  interface Patch extends Pick<Call, 'body' | 'contentType'> {
    subresource: 'status' | undefined;
    query?: Record<string, string | undefined>;
  }
  const patch = async (
    verb: 'apply' | 'patch' | 'write',
    ref: ObjectRef,
    { subresource, query = {}, ...call }: Patch,
  ): Promise<KubeObject> => {
    const knownVersion = options.knownVersion?.(ref);
    const answer = await object({
      ...call,
      what: words(verb, ref, subresource),
      method: 'PATCH',
      path:
        apiPath(ref.kind, ref.namespace, ref.name, subresource) +
        queryOf({ fieldManager: FIELD_MANAGER, ...query }),
      repeatable: true,
    });
    const said = verb === 'apply' ? 'apply' : 'patch';
    if (!query['dryRun']) wrote({ verb: said, ...ref, subresource, knownVersion, object: answer });
    return answer;
  };

  return {
    async get(ref, { metadataOnly } = {}) {
      try {
        return await object({
          what: words('get', ref),
          method: 'GET',
          path: apiPath(ref.kind, ref.namespace, ref.name),
          accept: metadataOnly ? METADATA_ONLY : undefined,
          repeatable: true,
        });
      } catch (error) {
        if (isKubeError(error, 'gone')) return undefined;
        throw error;
      }
    },

    async list(kind, { namespace, metadataOnly, ...list } = {}) {
      const { labelSelector, fieldSelector, limit, continue: token } = list;
      const query = queryOf({ labelSelector, fieldSelector, limit, continue: token });
      const body = (await request({
        what: `list ${kind.plural}${namespace ? ` in ${namespace}` : ''}`,
        method: 'GET',
        path: apiPath(kind, namespace) + query,
        accept: metadataOnly ? METADATA_LIST : undefined,
        repeatable: true,
      })) as { items?: KubeObject[]; metadata: { resourceVersion: string; continue?: string } };
      return {
        items: (body.items ?? []).map((item) => typed(kind, item)),
        resourceVersion: body.metadata.resourceVersion,
        ...(body.metadata.continue ? { continue: body.metadata.continue } : {}),
      };
    },

    async create(desired) {
      const ref = refOf(desired);
      const answer = await object({
        what: words('create', ref),
        method: 'POST',
        path: apiPath(ref.kind, ref.namespace) + queryOf({ fieldManager: FIELD_MANAGER }),
        body: desired,
        repeatable: false,
      });
      wrote({ verb: 'create', ...ref, name: answer.metadata.name, object: answer });
      return answer;
    },

    apply: async (desired, { fieldManager = FIELD_MANAGER, subresource, dryRun } = {}) =>
      patch('apply', refOf(desired), {
        body: desired,
        contentType: 'application/apply-patch+yaml',
        query: { fieldManager, force: 'true', dryRun: dryRun ? 'All' : undefined },
        subresource,
      }),

    mergePatch: (ref, body, { subresource } = {}) =>
      patch('patch', ref, { body, contentType: 'application/merge-patch+json', subresource }),

    replaceStatus: (ref, status) =>
      patch('write', ref, {
        // In a JSON patch `add` also replaces what is there.
        body: [{ op: 'add', path: '/status', value: status }],
        contentType: 'application/json-patch+json',
        subresource: 'status',
      }),

    async delete(ref, { uid, resourceVersion, gracePeriodSeconds, propagation } = {}) {
      const isConditional = uid !== undefined || resourceVersion !== undefined;
      try {
        const answer = await object({
          what: words('delete', ref),
          method: 'DELETE',
          path: apiPath(ref.kind, ref.namespace, ref.name),
          body: {
            apiVersion: 'v1',
            kind: 'DeleteOptions',
            preconditions: isConditional ? { uid, resourceVersion } : undefined,
            gracePeriodSeconds,
            propagationPolicy: propagation ?? 'Background',
          },
          repeatable: true,
        });
        wrote({ verb: 'delete', ...ref, ...deleted(ref.kind, answer, uid) });
        return true;
      } catch (error) {
        if (!isKubeError(error, 'gone')) throw error;
        wrote({ verb: 'delete', ...ref, uid });
        return false;
      }
    },

    watch: (kind, watch, onEvent, signal) =>
      runWatch({ kind, watch, onEvent, signal, clock, send }),

    raw: (method, path, body) =>
      request({
        what: `${method} ${path.split('?')[0] ?? path}`,
        method,
        path,
        body,
        repeatable: method === 'GET' || method === 'PUT',
      }),
  };
}

/** The answer to a delete is the object while it is on its way out, else a Status with its uid. */
function deleted(
  kind: KindRef,
  answer: KubeObject & { details?: { uid?: string } },
  uid: string | undefined,
): Pick<Write, 'object' | 'uid'> {
  if (answer.kind !== kind.kind) return { uid: answer.details?.uid ?? uid };
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = answer.metadata;
  const stays =
    deletionTimestamp !== undefined && (finalizers.length > 0 || deletionGracePeriodSeconds > 0);
  return stays ? { object: answer } : { uid: answer.metadata.uid };
}

function words(verb: string, ref: ObjectRef, subresource?: string): string {
  const name = ref.namespace ? `${ref.namespace}/${ref.name}` : ref.name;
  return `${verb} ${ref.kind.kind} ${name}${subresource ? ` ${subresource}` : ''}`;
}
