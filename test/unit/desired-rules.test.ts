/** What must hold for every object that the builders make, whatever the case. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../schemas/k8s.ts';
import { LABELS, MANAGED_BY } from '../../schemas/labels.ts';
import { containersOf } from '../support/desired.ts';
import {
  ALL,
  OPEN,
  RUNTIME,
  S3,
  THREE,
  WORKLOADS,
  caseOf,
  each,
  find,
  podOf,
  specOf,
  workloadsOf,
} from '../support/desired-cases.ts';

test('every container runs as the restricted standard asks, root file system read only', () => {
  each((container, where) => {
    const { runAsUser, runAsGroup, ...context } = container.securityContext ?? {};
    assert.deepEqual(
      context,
      {
        runAsNonRoot: true,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      where,
    );
    assert.ok(Number(runAsUser) > 0 && Number(runAsGroup) > 0, where);
  });
});

test('users are fixed by what runs, whatever the image, unless the pool says otherwise', () => {
  const users: Record<string, number> = { etcd: 65532, multigateway: 65532, multiorch: 65532, multiadmin: 65532, 'multiadmin-web': 1001, postgres: 999, multipooler: 999, 'postgres-exporter': 999 }; // prettier-ignore
  for (const { pod } of workloadsOf(THREE)) {
    for (const { name, securityContext } of containersOf(pod)) {
      assert.equal(securityContext?.['runAsUser'], users[name], name);
      assert.equal(securityContext?.['runAsGroup'], users[name], name);
    }
    assert.equal(pod.securityContext?.['fsGroup'], users[containersOf(pod)[0]?.name ?? '']);
    assert.equal(pod.securityContext?.['fsGroupChangePolicy'], 'OnRootMismatch');
  }
  const pod = podOf(find(S3, 'Pod', 'pool-main'));
  assert.equal(pod.securityContext?.['fsGroup'], 2000);
  const own = containersOf(pod).map((c) => c.securityContext?.['runAsUser']);
  assert.deepEqual(own, [1000, 1000, 999], 'multipooler follows postgres; the exporter does not');
});

test('images are pulled as the cluster says, everywhere', () => {
  const told = ['cell-with-its-own-etcd', 'etcd-of-three-members-in-a-zone'].flatMap(caseOf);
  for (const { object, pod } of workloadsOf([...S3, ...OPEN, ...told])) {
    const where = object.metadata.name;
    assert.deepEqual(pod.imagePullSecrets?.[0], { name: 'pull-me' }, where);
    for (const { imagePullPolicy } of containersOf(pod)) {
      assert.equal(imagePullPolicy, 'Always', where);
    }
  }
  for (const { pod } of workloadsOf(THREE)) {
    for (const { imagePullPolicy } of containersOf(pod)) {
      assert.equal(imagePullPolicy, 'IfNotPresent');
    }
  }
});

test('no pod gets Service variables or an API token', () => {
  for (const { object, pod } of WORKLOADS) {
    assert.equal(pod.enableServiceLinks, false, object.metadata.name);
    assert.equal(pod.automountServiceAccountToken, false, object.metadata.name);
  }
});

test('runtime containers do not ask DNS for gRPC settings and export only where told', () => {
  each((container, where) => {
    if (!RUNTIME.includes(container.name)) return;
    const env = new Map(container.env?.map(({ name, value }) => [name, value]));
    assert.equal(env.get('GRPC_ENABLE_TXT_SERVICE_CONFIG'), 'false', where);
    const endpoint = env.get('OTEL_EXPORTER_OTLP_ENDPOINT');
    const traces = env.get('OTEL_TRACES_EXPORTER');
    assert.ok(endpoint !== undefined || traces === 'none', where);
    assert.equal(env.has('POSTGRES_DB'), false, where);
  });
});

test('every server has probes of 5 s; startup never waits for others', () => {
  each((container, where) => {
    if (container.name === 'postgres-exporter') return;
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'] as const) {
      assert.equal(container[probe]?.timeoutSeconds, 5, `${where} ${probe}`);
    }
    if (!RUNTIME.includes(container.name)) return;
    assert.equal(container.startupProbe?.httpGet.path, '/live', where);
    assert.equal(container.livenessProbe?.httpGet.path, '/live', where);
    assert.equal(container.readinessProbe?.httpGet.path, '/ready', where);
  });
});

test('Secrets are mounted readable for the group only', () => {
  let seen = 0;
  for (const { object, pod } of WORKLOADS) {
    for (const volume of pod.volumes ?? []) {
      const source = (volume['secret'] ?? volume['projected']) as { defaultMode?: number };
      if (source === undefined) continue;
      assert.equal(source.defaultMode, 0o440, `${object.metadata.name} ${volume.name}`);
      seen += 1;
    }
  }
  assert.ok(seen > 10);
});

test('every mount has its volume and every volume its mount', () => {
  for (const { object, pod } of WORKLOADS) {
    const spec = specOf(object);
    const claims = (spec['volumeClaimTemplates'] ?? []) as KubeObject[];
    const volumes = [
      ...(pod.volumes ?? []).map(({ name }) => name),
      ...claims.map(({ metadata }) => metadata.name),
    ];
    const mounts = containersOf(pod).flatMap((c) => (c.volumeMounts ?? []).map((m) => m.name));
    assert.deepEqual([...new Set(mounts)].toSorted(), volumes.toSorted(), object.metadata.name);
    for (const container of containersOf(pod)) {
      const paths = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
      assert.equal(new Set(paths).size, paths.length, object.metadata.name);
    }
  }
});

test('all children carry the labels by which they are watched and found', () => {
  for (const { kind, metadata } of ALL) {
    assert.equal(metadata.labels?.[LABELS.managedBy], MANAGED_BY, `${kind} ${metadata.name}`);
    assert.ok(metadata.labels?.[LABELS.cluster], `${kind} ${metadata.name}`);
    assert.ok(metadata.namespace, metadata.name);
    assert.equal(metadata.ownerReferences, undefined);
  }
});

test('selectors match the pods that they are for, and names are not longer than allowed', () => {
  for (const { kind, metadata, spec } of ALL) {
    if (kind === 'Service' || kind === 'Pod') {
      assert.ok(metadata.name.length <= 63, metadata.name);
    }
    if (kind === 'Deployment' || kind === 'StatefulSet') {
      const { selector, template } = spec as {
        selector: { matchLabels: Record<string, string> };
        template: { metadata: { labels: Record<string, string> } };
      };
      for (const [key, value] of Object.entries(selector.matchLabels)) {
        assert.equal(template.metadata.labels[key], value, metadata.name);
      }
    }
  }
});

test('named ports of Services are ports of the pods they select', () => {
  for (const service of THREE.filter(({ kind }) => kind === 'Service')) {
    const { selector, ports } = service.spec as {
      selector: Record<string, string>;
      ports: { targetPort: string; port: number }[];
    };
    const selected = workloadsOf(THREE).filter(({ object }) => {
      const template = specOf(object)['template'] as { metadata: KubeObject['metadata'] };
      const labels = object.kind === 'Pod' ? object.metadata.labels : template.metadata.labels;
      return Object.entries(selector).every(([key, value]) => labels?.[key] === value);
    });
    assert.ok(selected.length > 0, service.metadata.name);
    for (const { pod } of selected) {
      const known = pod.containers.flatMap((container) => container.ports ?? []);
      for (const { targetPort, port } of ports) {
        assert.equal(known.find(({ name }) => name === targetPort)?.containerPort, port);
      }
    }
  }
});
