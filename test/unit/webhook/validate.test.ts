import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../../kube/clock.ts';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { mayBypass } from '../../../webhook/access.ts';
import type { Answer } from '../../../webhook/bypass.ts';
import type { Policy } from '../../../webhook/policies/policy.ts';
import { buildReview, type AdmissionRequest } from '../../../webhook/review.ts';
import { validate } from '../../../webhook/validate.ts';
import { policyOf } from '../../support/policy.ts';

const policy = (id: string, code: string, extra: Partial<Policy> = {}): Policy =>
  policyOf({
    id,
    code,
    check: () => [{ path: '/spec', message: `${id} is wrong`, allowed: 'a', fix: 'f' }],
    ...extra,
  });
const policies = [policy('one', 'MG901'), policy('two', 'MG902')];
const POLICIES_KEY = 'multigres.com/bypass-policies';
const REASON_KEY = 'multigres.com/bypass-reason';

const object = (annotations: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'multigres.com/v1alpha1',
  kind: 'MultigresCluster',
  metadata: { name: 'm', namespace: 'ns', annotations },
  spec: {},
});
const create = (annotations?: Record<string, string>): AdmissionRequest => ({
  uid: 'u',
  kind: { group: 'multigres.com', version: 'v1alpha1', kind: 'MultigresCluster' },
  name: 'm',
  namespace: 'ns',
  operation: 'CREATE',
  user: 'alice',
  dryRun: false,
  object: object(annotations),
});

/** Judges; whoever may bypass a policy is in `allowed`. */
async function judge(
  request: AdmissionRequest,
  { allowed = [], list = policies }: { allowed?: string[]; list?: Policy[] } = {},
) {
  const asked: string[][] = [];
  const judgement = await validate(
    {
      policies: list,
      trustedUsers: [],
      modes: () => Promise.resolve({ modes: {}, warnings: ['about a label'] }),
      world: () => Promise.resolve({}),
      mayBypass(_request, ids) {
        asked.push([...ids]);
        const answer = (id: string): Answer =>
          allowed.includes(id) ? { allowed: true } : { allowed: false, why: 'alice has no right' };
        return Promise.resolve(new Map(ids.map((id) => [id, answer(id)])));
      },
    },
    request,
  );
  return { ...judgement, asked };
}

describe('a bypass', () => {
  const both = { [POLICIES_KEY]: 'one, two,one', [REASON_KEY]: 'INC-1\r\nSet-Cookie: x\u0007' };

  test('that is allowed makes warnings of denials, and leaves its traces', async () => {
    const { verdict, bypassed, asked } = await judge(create(both), { allowed: ['one', 'two'] });
    assert.deepEqual(asked, [['one', 'two']]);
    assert.equal(verdict.allowed, true);
    assert.deepEqual(verdict.warnings, [
      'bypassed by alice (INC-1 Set-Cookie: x): /spec: one is wrong. Allowed: a. Fix: f. [MG901 one]',
      'bypassed by alice (INC-1 Set-Cookie: x): /spec: two is wrong. Allowed: a. Fix: f. [MG902 two]',
      'about a label',
    ]);
    assert.deepEqual(bypassed, { ids: ['one', 'two'], reason: 'INC-1 Set-Cookie: x' });
    const { response } = buildReview('u', verdict);
    assert.deepEqual(response['auditAnnotations'], {
      'bypassed-policies': 'one,two',
      'bypass-reason': 'INC-1 Set-Cookie: x',
    });
  });

  test('of some of the policies that deny is not enough, and is not counted', async () => {
    const { verdict, bypassed } = await judge(create(both), { allowed: ['one'] });
    assert.equal(verdict.allowed, false);
    assert.equal(bypassed, undefined);
    assert.equal(buildReview('u', verdict).response['auditAnnotations'], undefined);
    assert.equal(
      verdict.message,
      [
        '/spec: two is wrong. Allowed: a. Fix: f. [MG902 two]',
        'More: kubectl multigres policies MG902',
        'The bypass of two does not count: alice has no right.',
        'Who may bypass is decided by RBAC: bind alice to a Role such as {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"bypass-policies","namespace":"ns"},"rules":[{"apiGroups":["multigres.com"],"resources":["policies"],"resourceNames":["two"],"verbs":["bypass"]}]}',
      ].join('\n'),
    );
  });

  test('asks nobody without a reason, with an unknown id, or when nothing denies', async () => {
    const noReason = await judge(create({ [POLICIES_KEY]: 'one,two', [REASON_KEY]: ' ' }));
    assert.match(noReason.verdict.message ?? '', /bypass-reason is missing/);
    const unseen = await judge(create({ [POLICIES_KEY]: 'one,two', [REASON_KEY]: '\u200b .' }));
    assert.match(unseen.verdict.message ?? '', /bypass-reason is missing/);
    const unknown = await judge(create({ ...both, [POLICIES_KEY]: 'one,two,three' }));
    assert.match(unknown.verdict.message ?? '', /names "three", which is no policy/);
    const nothing = await judge(create(both), { list: [policy('one', 'MG901', { mode: 'warn' })] });
    assert.equal(nothing.verdict.allowed, true);
    assert.equal(nothing.bypassed, undefined);
    assert.deepEqual([noReason, unseen, unknown, nothing].map(({ asked }) => asked).flat(), []);
  });

  test('says which denials it does not name, and asks about none of them', async () => {
    const { verdict, asked } = await judge(create({ ...both, [POLICIES_KEY]: 'two' }), {
      allowed: ['one', 'two'],
    });
    assert.deepEqual(asked, [['two']]);
    assert.match(verdict.message ?? '', /does not cover one: .* does not name it/);
    assert.deepEqual(
      verdict.causes?.map(({ reason }) => reason),
      ['MG901'],
    );
  });

  test('of a deletion is asked for by the stored object', async () => {
    const { object: stored, ...rest } = create(both);
    const request: AdmissionRequest = {
      ...rest,
      operation: 'DELETE',
      ...(stored ? { oldObject: stored } : {}),
    };
    assert.equal((await judge(request, { allowed: ['one', 'two'] })).verdict.allowed, true);
    const update: AdmissionRequest = {
      ...create(),
      operation: 'UPDATE',
      oldObject: { ...object(both), spec: { x: 1 } },
    };
    assert.deepEqual((await judge(update, { allowed: ['one', 'two'] })).asked, []);
  });
});

test('a refusal without a word about a bypass when nobody asks for one', async () => {
  const { verdict } = await judge(create());
  assert.match(
    verdict.message ?? '',
    /^2 problems:\n- .*\n- .*\nMore: kubectl multigres policies MG901 MG902$/,
  );
  assert.deepEqual(verdict.warnings, ['about a label']);
});

test('many and long denials are cut, and say so', async () => {
  const many = policy('one', 'MG901', {
    check: () =>
      Array.from({ length: 60 }, (_, i) => ({
        path: `/spec/${i}`,
        message: 'x'.repeat(5000),
        allowed: 'a',
        fix: 'f',
      })),
  });
  const { verdict } = await judge(create(), { list: [many] });
  const lines = (verdict.message ?? '').split('\n');
  assert.equal(lines.length, 1 + 50 + 1 + 1);
  assert.match(lines[0] ?? '', /^60 problems:$/);
  assert.match(lines[1] ?? '', /x\.\.\. \[MG901 one\]$/);
  assert.match(lines[51] ?? '', /and 10 more/);
  assert.ok(lines.every((line) => line.length < 2100));
  assert.equal(verdict.causes?.length, 50);
});

test('an object that makes a policy fail is the fault of the object if its schema says so', async () => {
  const crash = policy('one', 'MG901', {
    check: () => {
      throw new TypeError('x is not iterable');
    },
  });
  const broken = { ...create(), object: { ...object(), spec: { cells: 'zone-a' } } };
  const { verdict } = await judge(broken, { list: [crash] });
  assert.equal(verdict.code, 422);
  assert.match(verdict.message ?? '', /spec\.cells: has the wrong type/);
  const fine = {
    postgresPasswordSecretRef: { name: 'pw', key: 'k' },
    cells: [{ name: 'z1', zoneId: 'a' }],
  };
  const ours = await judge({ ...create(), object: { ...object(), spec: fine } }, { list: [crash] });
  assert.match(ours.verdict.message ?? '', /internal error in policy one, not a fault of this/);
});

describe('the question who may bypass', () => {
  const log = { warn: () => {} };
  const ask = (raw: () => Promise<unknown>, deadlineMs = 2000) =>
    mayBypass({ kube: { raw }, clock: systemClock, log, deadlineMs }, create(), ['one']);

  test('that is not answered in time, or fails, is answered by no', async () => {
    const late = await ask(() => new Promise(() => {}), 20);
    assert.match(JSON.stringify(late.get('one')), /"allowed":false.*did not say within 0\.02 s/);
    const failed = await ask(() => Promise.reject(new Error('forbidden')));
    assert.match(JSON.stringify(failed.get('one')), /"allowed":false.*could not say.*forbidden/);
    for (const status of [undefined, {}, { allowed: 'true' }, { allowed: true, denied: true }]) {
      const odd = await ask(() => Promise.resolve({ status }));
      assert.equal(odd.get('one')?.allowed, false);
    }
  });
});
