export const OWNER = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u' };

/** Metadata beside a right name, and where something in it is wrong, for our check and for an API server. */
export const METADATA: Record<string, [metadata: object, ...wrong: string[]]> = {
  'a text as finalizers': [{ finalizers: 'foo' }, 'finalizers'],
  'a number as finalizer': [{ finalizers: ['a/b', 5] }, 'finalizers[1]'],
  'null as finalizer': [{ finalizers: [null] }, 'finalizers[0]'],
  'a finalizer with a space': [{ finalizers: ['a b'] }, 'finalizers[0]'],
  'a finalizer without a domain': [{ finalizers: ['foo'] }],
  'an owner with nothing but a kind': [
    { ownerReferences: [{ kind: 'Foo' }] },
    ...['apiVersion', 'name', 'uid'].map((field) => `ownerReferences[0].${field}`),
  ],
  'an owner': [{ ownerReferences: [OWNER] }],
  'an owner with a number as uid': [
    { ownerReferences: [{ ...OWNER, uid: 5 }] },
    'ownerReferences[0].uid',
  ],
  'an owner of no version': [
    { ownerReferences: [{ ...OWNER, apiVersion: 'a/b/c' }] },
    'ownerReferences[0].apiVersion',
  ],
  'an owner with a text as controller': [
    { ownerReferences: [{ ...OWNER, controller: 'true' }] },
    'ownerReferences[0].controller',
  ],
  'an owner as object': [{ ownerReferences: OWNER }, 'ownerReferences'],
  'two controllers': [
    { ownerReferences: ['a', 'b'].map((name) => ({ ...OWNER, name, controller: true })) },
    'ownerReferences',
  ],
  'a word as time': [{ creationTimestamp: 'yesterday' }, 'creationTimestamp'],
  'a day as time': [{ creationTimestamp: '2026-01-01' }, 'creationTimestamp'],
  'null as time': [{ creationTimestamp: null }],
  'a time': [{ creationTimestamp: '2026-01-01T10:00:00.5+01:00' }],
  'a number as uid': [{ uid: 5 }, 'uid'],
  'a text as generation': [{ generation: 'abc' }, 'generation'],
  'a fraction as generation': [{ generation: 1.5 }, 'generation'],
  'a number as managedFields': [{ managedFields: 5 }, 'managedFields'],
  'a number as time of managedFields': [{ managedFields: [{ time: 5 }] }, 'managedFields[0].time'],
  'a number as generateName': [{ generateName: 5 }, 'generateName'],
  'null everywhere': [
    { finalizers: null, ownerReferences: null, uid: null, generation: null, generateName: null },
  ],
};
