import assert from 'node:assert/strict';
import { Program, ours, refused } from './support.mjs';

const watched = new Program('watched.py');
const objects = new Program('objects.py');

/** What can be watched, by the name of a variable or by an expression in the innermost frame. */
async function info(session, name, more = {}) {
  const { body } = await session.customRequest('dataBreakpointInfo', { name, frameId: session.frames[0].id, ...more });
  return body;
}

async function watch(session, breakpoints) {
  const { body } = await session.customRequest('setDataBreakpoints', { breakpoints });
  return body.breakpoints;
}

/** Watches expressions; returns the numbers of the breakpoints. */
async function watchAll(session, names, rule = {}) {
  const breakpoints = [];
  for (const name of names) breakpoints.push({ dataId: (await info(session, name)).dataId, accessType: 'write', ...rule });
  const set = await watch(session, breakpoints);
  assert.ok(set.every(({ verified }) => verified), JSON.stringify(set));
  return set.map(({ id }) => id);
}

/** Goes on from stop to stop; says for each on which marked line the write was. */
async function writes(session, count) {
  const seen = [];
  for (let n = 0; n < count; n++) {
    await session.go();
    await session.stopped('data breakpoint');
    const [, what, from, to, line] = /^(.*?): (.*) → (.*), written on line (\d+)/.exec(session.why.text);
    seen.push([what, from, to, session.program.mark(Number(line))]);
  }
  return seen;
}

describe('data breakpoints', () => {
  ours('on a local variable stop when it is written, in its own call', async (session) => {
    await session.runTo(watched, ['count_begin']);
    await session.breakpoints([]);
    const [id] = await watchAll(session, ['total']);
    assert.deepEqual(await writes(session, 4), [
      ['total', 'nothing', '0', 'count_begin'], ['total', '0', '0', 'count_write'],
      ['total', '0', '1', 'count_write'], ['total', '1', '3', 'count_write'],
    ]);
    assert.deepEqual(session.why.hitBreakpointIds, [id]);
    assert.equal(await session.evaluate('total'), '3');
    // The second call has a variable of its own.
    await session.breakpoints(['main_print']);
    await session.go();
    await session.stopped('breakpoint');
    const told = session.events.filter(({ event }) => event === 'breakpoint').map(({ body }) => body.breakpoint);
    const ended = told.find((breakpoint) => breakpoint.id === id);
    assert.equal(ended?.verified, false);
    assert.match(ended.message, /has ended/);
  });

  ours('with conditions and hit counts', async (session) => {
    await session.runTo(watched, ['count_begin']);
    await session.breakpoints([]);
    await watchAll(session, ['total'], { condition: 'total > 0' });
    assert.deepEqual((await writes(session, 1))[0].slice(2), ['1', 'count_write']);
    const { dataId } = await info(session, 'total');
    await watch(session, [{ dataId, hitCondition: '1' }]);
    assert.deepEqual((await writes(session, 1))[0].slice(2), ['3', 'count_write']);
  });

  ours('on a variable that inner functions share', async (session) => {
    await session.runTo(watched, ['cell_begin']);
    await session.breakpoints([]);
    await watchAll(session, ['seen']);
    assert.deepEqual((await writes(session, 2)).map((seen) => seen.slice(1)), [
      ['nothing', '0', 'cell_begin'], ['0', '1', 'cell_write'],
    ]);
  });

  ours('on globals, items and attributes, whoever writes them', async (session) => {
    await session.runTo(watched, ['main_pay']);
    await session.breakpoints([]);
    await watchAll(session, ['level', 'settings["depth"]', 'account.balance']);
    assert.deepEqual((await writes(session, 6)).map((seen) => seen.slice(1)), [
      ['0', '10', 'attr_write'], ['0', '5', 'global_write'], ['5', '6', 'global_item'],
      ['1', '2', 'item_write'], ['2', '3', 'item_native'], ['10', '99', 'attr_native'],
    ]);
    await session.go();
    await session.exited();
    assert.equal(session.output.stdout, "6 {'depth': 3} 99\n");
  });

  // With a key that may have methods of its own, every instruction takes another way.
  for (const key of ['none', 'table[1]']) {
    ours(`on objects that few instructions write, and ${key} of another type`, async (session) => {
      await session.runTo(objects, ['begin']);
      await session.breakpoints([]);
      const number = key === 'none' ? [] : [key];
      await watchAll(session, ['table["x"]', 'row[0]', 'Mark.slot', ...number]);
      const expected = [
        ["'ended'", 'finalizer'], ["'thread'", 'thread'], ['0', 'same'], ['49', 'native'], ['2', 'class_attribute'],
        ...(number.length ? [["'b'", 'number']] : []), ['nothing', 'deleted'], ['nothing', 'cleared'], ['0', 'back'],
      ];
      assert.deepEqual((await writes(session, expected.length)).map((seen) => seen.slice(2)), expected);
      await session.go();
      await session.exited();
    });
  }

  ours('from the variables view', async (session) => {
    await session.runTo(watched, ['main_pay']);
    await session.breakpoints([]);
    const { variables } = await session.scope('Globals');
    const child = (name, of) => info(session, name, { variablesReference: variables[of].variablesReference, frameId: undefined });
    const balance = await child('balance', 'account');
    const depth = await child("'depth'", 'settings');
    assert.deepEqual(balance.accessTypes, ['write']);
    await watch(session, [{ dataId: balance.dataId }, { dataId: depth.dataId }]);
    assert.deepEqual((await writes(session, 2)).map((seen) => seen[3]), ['attr_write', 'item_write']);
  });

  ours('cannot be on what is nothing that is written', async (session) => {
    await session.runTo(watched, ['main_pay']);
    const no = await info(session, 'len(settings)');
    assert.equal(no.dataId, null);
    assert.match(no.description, /cannot be watched|alone can be watched/);
    const [stale] = await watch(session, [{ dataId: '99:1' }]);
    assert.equal(stale.verified, false);
    assert.match(stale.message, /earlier run/);
    await refused(info(session, 'x', { variablesReference: 12345 }), /earlier stop/);
  });
});
