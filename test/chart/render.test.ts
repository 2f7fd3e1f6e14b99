import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { IMAGE_VARIABLES } from '../../schemas/images.ts';
import type { EnvVar, KubeObject, PodSpec } from '../../schemas/k8s.ts';
import { CHART, CI_VALUES, helm, NAMESPACE, one, render, renderSmall } from '../support/chart.ts';

type Workload = KubeObject<{ template: { spec: PodSpec } }>;
type CronJob = KubeObject<{ jobTemplate: Workload }>;
const WORKLOADS = ['Deployment', 'Job', 'CronJob'];
const workloads = (objects: readonly KubeObject[]): Workload[] =>
  objects.filter(({ kind }) => WORKLOADS.includes(kind)) as Workload[];
function podOf(object: KubeObject): PodSpec {
  const { spec } =
    object.kind === 'CronJob'
      ? ((object as CronJob).spec?.jobTemplate ?? {})
      : (object as Workload);
  assert.ok(spec, `${object.metadata.name} has a spec`);
  return spec.template.spec;
}
const envOf = (object: KubeObject): Record<string, string | undefined> =>
  Object.fromEntries(
    (podOf(object).containers[0]?.env ?? []).map(({ name, value }: EnvVar) => [name, value]),
  );

test('helm lint finds nothing to complain about', () => {
  const { code, out } = helm(['lint', '--strict', CHART]);
  assert.equal(code, 0, out);
});

test('Kubernetes older than 1.29 is refused: it has no matchConditions by default', () => {
  assert.throws(() => render([], '1.28.9'), /incompatible with Kubernetes v1\.28\.9/);
  assert.ok(render([], '1.29.0').length > 0);
});

test('an upgrade of a managed Kubernetes with a vendor suffix is accepted', () => {
  assert.ok(renderSmall(['--kube-version', 'v1.33.2-eks-1234567']).length > 0);
});

describe('values of each feature', { concurrency: 2 }, () => {
  for (const { name, file } of CI_VALUES)
    test(name, () => {
      const objects = renderSmall(['-f', file]);
      const ids = objects.map(
        ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`,
      );
      assert.deepEqual(
        ids.filter((id, index) => ids.indexOf(id) !== index),
        [],
        'each object once',
      );
      for (const { kind, metadata } of objects) {
        if (metadata.name.includes('extra')) continue;
        assert.ok(metadata.labels?.['app.kubernetes.io/component'], `${kind} ${metadata.name}`);
        assert.equal(metadata.labels?.['app.kubernetes.io/part-of'], 'multigres-operator');
        // This label belongs to the children of clusters: the controller would take the object for one.
        assert.equal(metadata.labels?.['app.kubernetes.io/managed-by'], 'Helm');
      }
      for (const workload of workloads(objects)) assertRestricted(workload);
    });
});

/** The restricted profile of Pod Security, and more. */
function assertRestricted(workload: Workload): void {
  const pod = podOf(workload);
  assert.partialDeepStrictEqual(
    pod,
    {
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    },
    workload.metadata.name,
  );
  for (const container of pod.containers) {
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    // The entrypoint is Node.js, whose own flags come first, at another place in each of our two images.
    assert.equal(container.command, undefined);
    const program = container.args?.find((arg) => !arg.startsWith('--')) ?? '';
    assert.match(program, /^\/app\/(webhook|controller|sweep)\.mjs$/);
    assert.ok(container.resources?.requests?.['memory'], 'memory request');
  }
}

describe('default values', () => {
  const objects = render();

  test('make these objects', () => {
    const ids = objects
      .filter(({ kind }) => kind !== 'CustomResourceDefinition')
      .map(({ kind, metadata }) => `${kind} ${metadata.name.replace(/^multigres-operator/, '~')}`);
    assert.deepEqual(ids.toSorted(), [
      'ClusterRole ~-bypass',
      'ClusterRole ~-controller',
      'ClusterRole ~-edit',
      'ClusterRole ~-view',
      'ClusterRole ~-webhook',
      'ClusterRoleBinding ~-controller',
      'ClusterRoleBinding ~-webhook',
      'ConfigMap ~-policies',
      'Deployment ~-controller',
      'Deployment ~-webhook',
      'Job ~-webhook-check',
      'MutatingWebhookConfiguration ~',
      'PodDisruptionBudget ~-webhook',
      'Role ~-controller-lease',
      'Role ~-webhook-ca',
      'Role ~-webhook-check',
      'Role ~-webhook-lease',
      'Role ~-webhook-policies',
      'RoleBinding ~-controller-lease',
      'RoleBinding ~-webhook-ca',
      'RoleBinding ~-webhook-check',
      'RoleBinding ~-webhook-lease',
      'RoleBinding ~-webhook-policies',
      'Secret ~-webhook-ca',
      'Service ~-webhook',
      'ServiceAccount ~-controller',
      'ServiceAccount ~-webhook',
      'ServiceAccount ~-webhook-check',
      'ValidatingWebhookConfiguration ~',
    ]);
  });

  test('render the same twice: no generated keys, no dates', () => {
    assert.deepEqual(render(), objects);
  });

  test('hold the CRDs as they are, kept on uninstall', () => {
    const folder = path.join(CHART, 'files/crds');
    const files = readdirSync(folder).map((name) => {
      const { metadata, ...rest } = parse(
        readFileSync(path.join(folder, name), 'utf8'),
      ) as KubeObject;
      return { name: metadata.name, rest };
    });
    const rendered = objects
      .filter(({ kind }) => kind === 'CustomResourceDefinition')
      .map(({ metadata, ...rest }) => {
        assert.equal(metadata.annotations?.['helm.sh/resource-policy'], 'keep');
        return { name: metadata.name, rest };
      });
    assert.equal(rendered.length, 8);
    assert.deepEqual(rendered, files);
  });

  test('keep an old webhook until the new one answers, and one during a drain', () => {
    const deployment = one(objects, 'Deployment', '-webhook');
    assert.partialDeepStrictEqual(deployment.spec, {
      replicas: 2,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    });
    assert.partialDeepStrictEqual(one(objects, 'PodDisruptionBudget').spec, { minAvailable: 1 });
    const pod = podOf(deployment);
    assert.ok(JSON.stringify(pod['affinity']).includes('preferredDuringScheduling'));
    assert.partialDeepStrictEqual(pod.containers[0], { startupProbe: { periodSeconds: 2 } });
  });

  test('tell both programs who they are', () => {
    assert.partialDeepStrictEqual(envOf(one(objects, 'Deployment', '-webhook')), {
      WEBHOOK_SERVICE: one(objects, 'Service').metadata.name,
      WEBHOOK_CONFIGURATION: one(objects, 'MutatingWebhookConfiguration').metadata.name,
      WEBHOOK_CA_SECRET: one(objects, 'Secret').metadata.name,
      CONTROLLER_SERVICE_ACCOUNT: podOf(one(objects, 'Deployment', '-controller'))[
        'serviceAccountName'
      ] as string,
      NODE_OPTIONS: '--max-old-space-size=166',
    });
    assert.equal(one(objects, 'Service').metadata.namespace, NAMESPACE);
  });

  test('leave default images to the program', () => {
    const names = Object.keys(envOf(one(objects, 'Deployment', '-controller')));
    assert.deepEqual(
      names.filter((name) => name.startsWith('MULTIGRES_IMAGE_')),
      [],
    );
  });
});

test('each runtime image reaches its variable', () => {
  const sets = Object.keys(IMAGE_VARIABLES).flatMap((key) => [
    '--set-string',
    `runtimeImages.${key}=registry.example.com/${key}:1`,
  ]);
  const env = envOf(one(renderSmall(sets), 'Deployment', '-controller'));
  for (const [key, variable] of Object.entries(IMAGE_VARIABLES)) {
    assert.equal(env[variable], `registry.example.com/${key}:1`);
  }
});

test('the image is named by tag, or by digest where one is given', () => {
  const image = (...args: string[]) =>
    podOf(one(renderSmall(args), 'Deployment', '-webhook')).containers[0]?.image;
  const chart = parse(readFileSync(path.join(CHART, 'Chart.yaml'), 'utf8')) as {
    appVersion: string;
  };
  const repository = 'ghcr.io/multigres/multigres-policy-operator';
  assert.equal(image(), `${repository}:${chart.appVersion}`);
  assert.equal(image('--set-string', 'image.tag=7'), `${repository}:7`);
  const digest = `sha256:${'a'.repeat(64)}`;
  const both = ['--set', `image.digest=${digest}`, '--set-string', 'image.tag=7'];
  assert.equal(image(...both), `${repository}@${digest}`);
});

test('the heap follows the memory limit', () => {
  const options = (limit: string) =>
    envOf(
      one(
        renderSmall(['--set', `controller.resources.limits.memory=${limit}`]),
        'Deployment',
        '-controller',
      ),
    )['NODE_OPTIONS'];
  assert.equal(options('1Gi'), '--max-old-space-size=665');
  assert.equal(options('200Mi'), '--max-old-space-size=130');
  assert.equal(options('null'), undefined);
});

test('names stay valid under a long release name', () => {
  const long = `a-very-long-name-of-a-release-${'x'.repeat(20)}`;
  const args = ['--kube-version', '1.34.0', '--set', 'crds.enabled=false'];
  const { code, out } = helm(['template', long, CHART, ...args]);
  assert.equal(code, 0, out);
  const names = [...out.matchAll(/^ {2}name: (\S+)$/gm)].map(([, name]) => name ?? '');
  assert.ok(names.length > 10);
  for (const name of names) assert.match(name, /^[a-z0-9][-a-z0-9]{0,61}[a-z0-9]$/);
});
