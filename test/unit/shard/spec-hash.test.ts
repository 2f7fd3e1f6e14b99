import assert from 'node:assert/strict';
import { test } from 'node:test';
import { specHash, withSpecHash } from '../../../controller/shard/desired/spec-hash.ts';
import type { Pod } from '../../../schemas/k8s.ts';

const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', annotations: { 'multigres.com/postgres-config-hash': 'a' } },
  spec: { containers: [{ name: 'c', image: 'i:1', args: ['x'] }] },
};
const spec = POD.spec ?? { containers: [] };
const [container] = spec.containers;
const withContainer = (change: object): Pod => ({
  ...POD,
  spec: { ...spec, containers: [{ name: 'c', image: 'i:1', args: ['x'], ...change }] },
});

test('an image, argument, volume, grace period or restart setting needs a new pod', () => {
  const changes: Pod[] = [
    withContainer({ image: 'i:2' }),
    withContainer({ args: ['x', 'y'] }),
    withContainer({ env: [{ name: 'A', value: '1' }] }),
    withContainer({ resources: { limits: { memory: '1Gi' } } }),
    { ...POD, spec: { ...spec, volumes: [{ name: 'v' }] } },
    { ...POD, spec: { ...spec, terminationGracePeriodSeconds: 5 } },
    { ...POD, spec: { ...spec, tolerations: [{ key: 'k' }] } },
    { ...POD, metadata: { name: 'p', annotations: { 'multigres.com/postgres-config-hash': 'b' } } },
  ];
  const hashes = [POD, ...changes].map(specHash);
  assert.equal(new Set(hashes).size, hashes.length);
  assert.match(hashes[0] ?? '', /^[0-9a-f]{64}$/);
});

/**
 * With everything that the hash covers. Its number may only change with a reason: it then changes for each pod
 * that runs, and the upgrade of the operator restarts every database, which the CHANGELOG has to say.
 */
test('the hash of the same pod is the same in every release', () => {
  const full: Pod = {
    ...POD,
    spec: {
      initContainers: [
        {
          name: 'postgres',
          image: 'pgctld:1',
          command: ['/bin/sh'],
          args: ['server'],
          env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          resources: { requests: { cpu: '100m' }, limits: { memory: '512Mi' } },
          volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true }],
          securityContext: { runAsUser: 999 },
        },
      ],
      containers: [{ name: 'multipooler', image: 'multigres:1' }],
      volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }],
      affinity: { nodeAffinity: {} },
      tolerations: [{ key: 'k', operator: 'Exists' }],
      nodeSelector: { zone: 'a' },
      terminationGracePeriodSeconds: 60,
      serviceAccountName: 'backup',
      securityContext: { fsGroup: 999 },
    },
  };
  assert.equal(specHash(full), '6de68bba1233d58920cdfb25399295c91cdbe0a5a8c389e482c49c5443a7dfea');
});

test('labels, probes, ports, pull settings and reloaded settings do not', () => {
  const changes: Pod[] = [
    withContainer({ imagePullPolicy: 'Always', ports: [{ name: 'p', containerPort: 1 }] }),
    withContainer({ livenessProbe: { httpGet: { path: '/', port: 1 } } }),
    { ...POD, spec: { ...spec, imagePullSecrets: [{ name: 's' }], hostname: 'h' } },
    {
      ...POD,
      metadata: {
        ...POD.metadata,
        labels: { a: 'b' },
        annotations: { ...POD.metadata.annotations, 'multigres.com/postgres-reload-hash': 'z' },
      },
    },
  ];
  for (const pod of changes) assert.equal(specHash(pod), specHash(POD));
});

test('the order of keys does not count, and the annotation is not part of itself', () => {
  assert.ok(container);
  const { name, image, args } = container;
  const reordered = { ...POD, spec: { containers: [{ ...(args && { args }), image, name }] } };
  assert.equal(specHash(reordered), specHash(POD));
  assert.equal(specHash(withSpecHash(POD)), specHash(POD));
});
