// A little of what ../fuzz does for hours. FUZZ_SEED repeats a run.

import assert from 'node:assert/strict';
import { where } from './schema.mjs';
import { foreign } from './support.mjs';
import { framed } from '../fuzz/messages.mjs';
import { fuzz } from '../fuzz/fuzz.mjs';
import { kills } from '../fuzz/kills.mjs';
import { canSee } from '../fuzz/processes.mjs';
import { Wire, start } from '../fuzz/wire.mjs';

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);

describe('an adapter', function () {
  this.timeout(180_000);

  before(function () {
    if (foreign || !canSee) this.skip();
  });

  it('survives a few thousand wrong messages', async () => {
    const { finds, sent, done } = await fuzz({ messages: 4000, seed });
    assert.deepEqual(finds, [], `seed ${seed}`);
    assert.ok(sent >= 4000 && done.size > 20, `${sent} messages, ${done.size} kinds of requests did what they say`);
  });

  it('leaves no process when one of a session is killed', async () => {
    const { finds } = await kills({ count: 20, seed });
    assert.deepEqual(finds, [], `seed ${seed}`);
  });

  it('is held to its word', async () => {
    const child = start();
    const wire = Wire.over(child);
    // A request that is never sent is never answered.
    wire.expect({ seq: 1, type: 'request', command: 'threads' });
    assert.equal(await wire.until(() => wire.owed.size === 0, 200), false);
    wire.take('{"seq":1,"type":"event","event":"exited","body":{}}');
    wire.take('no JSON');
    assert.equal(wire.faults.length, where === undefined ? 1 : 2, wire.faults.join());
    await wire.write(framed('{"seq":1,"type":"request","command":"disconnect"}'));
    assert.deepEqual(await child.ended, { code: 0, signal: null });
  });
});
