/** ManagerHealthStream: what a pooler agrees to, and what it tells when. Every message is recorded as it comes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { whatMatters } from '../../../controller/dataplane/matters.ts';
import { millisOf } from '../../../controller/proto/time.ts';
import type { HealthTiming } from '../../../controller/rpc/health-connection.ts';
import type { Snapshot } from '../../../controller/rpc/health-stream.ts';
import { HealthStream } from '../../../controller/rpc/health-stream.ts';
import type {
  HealthStreamRequest,
  HealthStreamResponse,
  SnapshotTrigger,
} from '../../../controller/rpc/types.ts';
import { clientOf } from '../../../emulator/grpc.ts';
import { systemClock } from '../../../kube/clock.ts';
import { eventually, ruleOrder, termOf, type CallError, type Shard } from '../support/shard.ts';

/** The messages of one raw stream, until `close`. */
interface Raw {
  messages: HealthStreamResponse[];
  error: CallError | undefined;
  close: () => void;
}

function openRaw(s: Shard, suffix: string, first: HealthStreamRequest): Raw {
  const client = clientOf('MultipoolerManager', s.cluster.grpc.pooler(suffix));
  const call = client.duplex<HealthStreamRequest, HealthStreamResponse>('ManagerHealthStream');
  const raw: Raw = {
    messages: [],
    error: undefined,
    close: () => {
      call.cancel();
      client.close();
    },
  };
  call.on('data', (message: HealthStreamResponse) => raw.messages.push(message));
  call.on('error', (error: unknown) => (raw.error ??= error as CallError));
  call.write(first);
  return raw;
}

/** The controller's own stream with everything that it heard. */
interface Recorder {
  stream: HealthStream;
  seen: Snapshot[];
  /** The first snapshot that passes, of those after the first `from`. */
  heard: (
    what: string,
    passes: (snapshot: Snapshot) => boolean,
    from?: number,
  ) => Promise<Snapshot>;
}

function record(s: Shard, suffix: string, timing: HealthTiming): Recorder {
  const seen: Snapshot[] = [];
  const stream = new HealthStream({
    target: { address: s.cluster.grpc.pooler(suffix) },
    timing,
    clock: systemClock,
    random: () => 0,
    onSnapshot: (snapshot) => seen.push(snapshot),
    onState: () => {},
  });
  return {
    stream,
    seen,
    heard: (what, passes, from = 0) => eventually(what, () => seen.slice(from).find(passes)),
  };
}

/** So long that no heartbeat comes into the way. */
const QUIET: HealthTiming = { intervalMs: 600_000, stalenessMs: 900_000 };

const by =
  (trigger: SnapshotTrigger) =>
  (snapshot: Snapshot): boolean =>
    snapshot.trigger === trigger;
const isBroadcast = by('SNAPSHOT_TRIGGER_BROADCAST');
const decisionOf = ({ status }: Snapshot) =>
  status.consensus_status?.current_position?.position?.decision;

export async function healthStream(t: TestContext, s: Shard): Promise<void> {
  const leader = await s.healthy();
  const [standby = ''] = s.others(leader);

  await t.test('who asks for nothing gets 5 s and 90 s, who asks gets that', async () => {
    const cases: [HealthStreamRequest['start'], number, number][] = [
      [{}, 5_000, 90_000],
      [
        {
          snapshot_interval: { seconds: '2', nanos: 500_000_000 },
          staleness_timeout: { seconds: '7' },
        },
        2_500,
        7_000,
      ],
    ];
    for (const [start = {}, intervalMs, stalenessMs] of cases) {
      const raw = openRaw(s, leader, { start });
      const [agreed, initial] = await eventually('two messages', () =>
        raw.messages.length > 1 ? raw.messages : undefined,
      );
      raw.close();
      assert.equal(millisOf(agreed?.start?.snapshot_interval), intervalMs);
      assert.equal(millisOf(agreed?.start?.staleness_timeout), stalenessMs);
      assert.equal(initial?.snapshot?.trigger, 'SNAPSHOT_TRIGGER_INITIAL');
      assert.equal(millisOf(initial.snapshot.timeout), stalenessMs);
      assert.ok(Math.abs(millisOf(initial.snapshot.captured_at) - Date.now()) < 60_000);
    }
  });

  await t.test('a stream that does not begin with start is refused', async () => {
    const raw = openRaw(s, leader, { poll: {} });
    const { code, details } = await eventually('the refusal', () => raw.error);
    raw.close();
    assert.equal(code, 3);
    assert.equal(details, 'first message must be a start message');
  });

  await t.test(
    'a snapshot says what Status says; polls and heartbeats bring more of them',
    async () => {
      for (const suffix of [leader, standby]) {
        const recorder = record(s, suffix, { intervalMs: 1_000, stalenessMs: 15_000 });
        const initial = await recorder.heard('INITIAL', () => true);
        assert.equal(initial.trigger, 'SNAPSHOT_TRIGGER_INITIAL');
        const poll = await recorder.stream.poll(15_000);
        assert.ok(poll.capturedAtMs >= initial.capturedAtMs);
        const { length } = recorder.seen;
        const beat = await recorder.heard('HEARTBEAT', by('SNAPSHOT_TRIGGER_HEARTBEAT'), length);
        recorder.stream.close();
        // nothing happens in the shard: what moves all the same must not matter
        const status = whatMatters((await s.status(suffix)) as Snapshot['status']);
        for (const snapshot of [initial, poll, beat]) {
          assert.equal(whatMatters(snapshot.status), status, `${suffix}, ${snapshot.trigger}`);
        }
      }
    },
  );

  await t.test('a standby that loses its postgres says so without being asked', async () => {
    const recorders = [record(s, standby, QUIET), record(s, standby, QUIET)];
    for (const { heard } of recorders) await heard('INITIAL', () => true);
    await s.manager(standby, 'SetPostgresRestartsEnabled', { enabled: false });
    signalPostgres(s, standby, 'INT');
    for (const { heard } of recorders) {
      await heard('a broadcast of the stop', (snapshot) => {
        return isBroadcast(snapshot) && snapshot.status.status?.postgres_running !== true;
      });
    }
    const lengths = recorders.map(({ seen }) => seen.length);
    await s.manager(standby, 'SetPostgresRestartsEnabled', { enabled: true });
    for (const [i, { heard, stream }] of recorders.entries()) {
      const isBack = (snapshot: Snapshot): boolean =>
        isBroadcast(snapshot) && snapshot.status.status?.postgres_ready === true;
      await heard('a broadcast of the start', isBack, lengths[i]);
      stream.close();
    }
    await s.healthy();
  });

  await t.test('every pooler tells of a new leader', async () => {
    const before = await s.rule();
    const recorders = s.suffixes.map((suffix) => ({ suffix, ...record(s, suffix, QUIET) }));
    for (const { heard } of recorders) await heard('INITIAL', () => true);
    await s.admin('POST', 'shards/postgres/default/0-inf/switch-primary', { reason: 'contract' });
    for (const { heard, suffix } of recorders) {
      const tells = (snapshot: Snapshot): boolean =>
        isBroadcast(snapshot) &&
        termOf(decisionOf(snapshot)) > termOf(before) &&
        ruleOrder(decisionOf(snapshot), before) > 0;
      await heard(`${suffix} tells of the rule`, tells);
    }
    const old = recorders.find(({ suffix }) => suffix === leader);
    await old?.heard('the old leader asks to be replaced', ({ status }) => {
      const { signal } = status.availability_status?.leadership_status ?? {};
      return signal === 'LEADERSHIP_SIGNAL_REQUESTING_DEMOTION';
    });
    for (const { stream } of recorders) stream.close();
    await s.healthy();
  });

  await t.test(
    'a killed pooler breaks its stream; the next one brings its stream back',
    async () => {
      const [victim = ''] = s.others(await s.healthy());
      const recorder = record(s, victim, QUIET);
      await recorder.heard('INITIAL', () => true);
      const { length } = recorder.seen;
      await s.cluster.process(`pool-${victim}`).kill();
      await eventually('the break', () => recorder.stream.broken);
      await s.cluster.start(`pool-${victim}`);
      const initial = await recorder.heard('the next stream', () => true, length);
      assert.equal(initial.trigger, 'SNAPSHOT_TRIGGER_INITIAL');
      recorder.stream.close();
      await s.healthy();
    },
  );
}

/** A signal to the postmaster of a pod, past its pooler. */
function signalPostgres(s: Shard, suffix: string, signal: 'INT' | 'KILL'): void {
  const file = path.join(s.cluster.dir, 'volumes', suffix, 'pg_data', 'postmaster.pid');
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const namespace = ['-t', String(s.cluster.process(`pgctld-${suffix}`).pid), '-p'];
  const { status, stderr } = spawnSync(
    'nsenter',
    [...namespace, 'bash', '-c', `kill -${signal} ${pid}`],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
}
