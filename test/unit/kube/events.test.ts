import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../../schemas/k8s.ts';
import { createEventRecorder } from '../../../kube/events.ts';
import { FakeClock, settle } from '../../support/clock.ts';

const HOUR = 3_600_000;

function setup() {
  const clock = new FakeClock();
  const written: { message: string; count: number; metadata: { name: string } }[] = [];
  const dropped: string[] = [];
  const recorder = createEventRecorder({
    api: {
      create: async (object: KubeObject) => {
        written.push(object as unknown as (typeof written)[number]);
        return object;
      },
    },
    clock,
    instance: 'test',
    log: { debug: () => {} },
    dropped: (reason) => dropped.push(reason),
  });
  const tell = async (message: string, name = 'demo') => {
    const metadata = { name, namespace: 'ns', uid: `uid-${name}` };
    recorder.event({ apiVersion: 'v1', kind: 'X', metadata }, 'Normal', 'Reason', message);
    await settle();
  };
  const texts = () => written.map(({ message, count }) => `${message} x${count}`);
  return { clock, recorder, written, dropped, tell, texts };
}

test('the same text is written once an hour, with the times it occurred', async () => {
  const { clock, tell, texts } = setup();
  await tell('a');
  for (let i = 0; i < 5; i++) {
    await clock.advance(HOUR / 10);
    await tell('a');
  }
  assert.deepEqual(texts(), ['a x1']);
  await clock.advance(HOUR);
  await tell('a');
  assert.deepEqual(texts(), ['a x1', 'a x6']);
});

test('a text that comes back after another one is written again, at most each minute', async () => {
  const { clock, tell, texts } = setup();
  await tell('a');
  await tell('b');
  await tell('a');
  assert.deepEqual(texts(), ['a x1', 'b x1']);
  await clock.advance(60_000);
  await tell('b');
  await tell('a');
  assert.deepEqual(texts(), ['a x1', 'b x1', 'b x1', 'a x2']);
});

test('one object cannot flood: 25 at once, then one each 30 s', async () => {
  const { clock, tell, written, dropped } = setup();
  for (let i = 0; i < 40; i++) await tell(`m${i}`);
  assert.equal(written.length, 25);
  assert.equal(dropped.filter((reason) => reason === 'rate').length, 15);
  await tell('from another object', 'other');
  assert.equal(written.length, 26);
  await clock.advance(30_000);
  await tell('later');
  assert.equal(written.length, 27);
});

test('names differ and long texts are cut to what the API takes', async () => {
  const { tell, written } = setup();
  await tell('x'.repeat(2000));
  await tell('y');
  assert.equal(written[0]?.message.length, 1024);
  assert.notEqual(written[0]?.metadata.name, written[1]?.metadata.name);
});
