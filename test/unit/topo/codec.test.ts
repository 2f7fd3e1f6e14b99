import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { messageCodec } from '../../../controller/proto/load.ts';
import {
  codecs,
  patchCell,
  patchDatabase,
  patchLifecycle,
} from '../../../controller/topo/codec.ts';
import { lengthDelimited } from '../../../controller/topo/wire.ts';
import { bytesOf, readCapture } from './captures.ts';

const states = readdirSync(new URL('../../fixtures/captures/', import.meta.url))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace('.json', ''))
  // In this one the recorder itself had appended a second lifecycle field, which no encoder would do.
  .filter((name) => name !== 'live-leader-marked-shutdown');

/** Map entries may come in any order, so a record with a map is compared by content and length. */
const sameMessage = (type: string, bytes: Buffer): void => {
  const codec = messageCodec<object>(type);
  const decoded = codec.decode(bytes);
  const again = codec.encode(decoded);
  assert.equal(again.length, bytes.length, `${type} loses or gains bytes`);
  assert.deepEqual(codec.decode(again), decoded);
};

/** A field that our contract does not have. */
const UNKNOWN = lengthDelimited(99, Buffer.from('from a newer version'));

describe('codec of recorded messages', () => {
  for (const state of states) {
    it(`re-encodes everything in ${state}`, () => {
      const capture = readCapture(state);
      for (const record of capture.records) sameMessage(record.type, bytesOf(record.value));
      for (const raw of Object.values(capture.status)) {
        const codec = messageCodec<object>('StatusResponse');
        assert.ok(codec.encode(codec.decode(bytesOf(raw))).equals(bytesOf(raw)));
      }
      for (const raw of Object.values(capture.shardStatus ?? {})) {
        sameMessage('ShardStatusResponse', bytesOf(raw));
      }
    });
  }
});

describe('patching a record', () => {
  const records = readCapture('healthy-3').records;
  const recorded = (type: string): Buffer =>
    bytesOf(records.find((record) => record.type === type)?.value ?? '');

  it('gives the same bytes when nothing changes', () => {
    const cell = recorded('Cell');
    assert.ok(patchCell(cell, codecs.Cell.decode(cell)).equals(cell));
    const database = recorded('Database');
    assert.ok(patchDatabase(database, codecs.Database.decode(database)).equals(database));
  });

  it('keeps fields it does not know and the generation of the backup location', () => {
    const location = Buffer.concat([
      messageCodec<object>('BackupLocation').encode({
        filesystem: { path: '/old' },
        authoritative_generation: '3',
      }),
      UNKNOWN,
    ]);
    const before = Buffer.concat([
      codecs.Database.encode({ name: 'postgres', cells: ['a'] }),
      lengthDelimited(2, location),
      UNKNOWN,
    ]);
    const after = patchDatabase(before, {
      name: 'postgres',
      cells: ['a', 'b'],
      backup_location: { s3: { bucket: 'x', region: 'y' } },
    });
    assert.deepEqual(codecs.Database.decode(after), {
      name: 'postgres',
      cells: ['a', 'b'],
      backup_location: { s3: { bucket: 'x', region: 'y' }, authoritative_generation: '3' },
    });
    assert.equal(after.toString('latin1').split('from a newer version').length, 3);
  });

  it('changes nothing but the lifecycle of a pooler', () => {
    const pooler = recorded('Multipooler');
    const lifecycle = { status: 'LIFECYCLE_SHUTDOWN', reason: 'gone' } as const;
    const after = patchLifecycle(Buffer.concat([pooler, UNKNOWN]), lifecycle);
    assert.deepEqual(codecs.Multipooler.decode(after), {
      ...codecs.Multipooler.decode(pooler),
      lifecycle_status: lifecycle,
    });
    assert.ok(after.includes(UNKNOWN));
  });
});
