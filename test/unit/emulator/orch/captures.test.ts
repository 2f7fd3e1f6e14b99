/** What multiorch of the emulator finds in recorded states, against what the real one listed in them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { messageCodec } from '../../../../controller/proto/load.ts';
import type { Multipooler } from '../../../../controller/topo/types.ts';
import { analyse } from '../../../../emulator/orch/analyse.ts';
import {
  recordPart,
  toHealth,
  toMs,
  type IdMessage,
  type StatusMessage,
  type TimeMessage,
} from '../../../../emulator/orch/messages.ts';
import type { ShardView } from '../../../../emulator/orch/model.ts';

const FOLDERS = ['captures', 'shard-status'].map(
  (name) => new URL(`../../../fixtures/${name}/`, import.meta.url),
);
const OPTIONS = { staleMs: 12_000, leaderResponseMs: 30_000, removeIneligible: false };

interface Capture {
  state: string;
  takenAt: string;
  records: { type: string; value: string }[];
  status: Record<string, string>;
  shardStatus: Record<string, string>;
}
interface ShardStatus {
  problems?: {
    code?: string;
    check_name?: string;
    description?: string;
    priority?: number;
    scope?: string;
    pooler_id?: IdMessage;
  }[];
  pooler_healths?: { pooler_id?: IdMessage; stream_connected?: boolean; last_seen?: TimeMessage }[];
}

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');
const poolers = messageCodec<Multipooler>('Multipooler');
const statuses = messageCodec<StatusMessage>('StatusResponse');
const shardStatuses = messageCodec<ShardStatus>('ShardStatusResponse');

/** The shard as one multiorch saw it; a pooler it was not connected to had last answered before. */
function viewOf(capture: Capture, seen: ShardStatus): ShardView {
  const view: ShardView = {
    key: { database: 'postgres', tableGroup: 'default', shard: '0-inf' },
    poolers: [],
    bootstrapPolicy: 'AT_LEAST_2',
  };
  for (const record of capture.records.filter((r) => r.type === 'Multipooler')) {
    const part = recordPart(poolers.decode(bytes(record.value)));
    const health = seen.pooler_healths?.find((h) => h.pooler_id?.name === part.id.name);
    const status = capture.status[part.id.name];
    view.poolers.push({
      ...part,
      connected: health?.stream_connected === true,
      lastSeenMs: toMs(health?.last_seen),
      foundMs: 0,
      ...(status === undefined ? {} : { health: toHealth(statuses.decode(bytes(status))) }),
    });
  }
  return view;
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => new URL(name, folder)),
);
for (const file of files) {
  const capture = JSON.parse(readFileSync(file, 'utf8')) as Capture;
  for (const [orch, answer] of Object.entries(capture.shardStatus ?? {})) {
    const real = shardStatuses.decode(bytes(answer));
    test(`${capture.state}: ${orch} lists the same problems`, () => {
      const found = analyse(viewOf(capture, real), Date.parse(capture.takenAt), OPTIONS).flatMap(
        (f) => f.problem ?? [],
      );
      const plain = found.map((p) => ({
        code: p.code,
        check_name: p.checkName,
        pooler: p.pooler?.name,
        priority: p.priority,
        scope: p.scope,
        description: p.description,
      }));
      const wanted = (real.problems ?? []).map((p) => ({
        code: p.code,
        check_name: p.check_name,
        pooler: p.pooler_id?.name,
        priority: p.priority,
        scope: p.scope,
        description: p.description,
      }));
      assert.deepEqual(plain, wanted);
    });
  }
}
