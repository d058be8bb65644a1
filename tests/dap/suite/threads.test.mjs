import assert from 'node:assert/strict';
import { Program, ours, scenario } from './support.mjs';

const program = new Program('threads.py');

async function threadNames(session) {
  const { body } = await session.threadsRequest();
  return Object.fromEntries(body.threads.map(({ id, name }) => [name, id]));
}

async function framesOf(session, threadId) {
  const { body } = await session.stackTraceRequest({ threadId });
  return body.stackFrames;
}

describe('threads', () => {
  scenario('have names, and stacks of their own', async (session) => {
    await session.runTo(program, ['work_append']);
    const names = await threadNames(session);
    assert.deepEqual(Object.keys(names).sort(), ['MainThread', 'worker-a', 'worker-b']);
    assert.equal(session.thread, names[`worker-${await session.evaluate('name').then((n) => n.slice(1, -1))}`]);
    assert.equal(session.frames[0].name, 'work');
    const main = await framesOf(session, names.MainThread);
    assert.equal(program.mark(main.findLast((frame) => frame.name === '<module>').line), 'main_join');
  });

  ours('show their variables while another one is stopped', async (session) => {
    await session.runTo(program, ['work_return']);
    const names = await threadNames(session);
    const [other] = Object.keys(names).filter((n) => n.startsWith('worker') && names[n] !== session.thread);
    const frames = await framesOf(session, names[other]);
    const work = frames.find((frame) => frame.name === 'work');
    assert.equal(await session.evaluate('name', 'watch', work), `'${other.slice(-1)}'`);
    assert.equal(await session.evaluate('len(workers)', 'watch', (await framesOf(session, names.MainThread)).at(-1)), '2');
  });

  scenario('are stepped one at a time', async (session) => {
    await session.runTo(program, ['work_label']);
    await session.breakpoints([]);
    const name = await session.evaluate('name');
    for (const mark of ['work_append', 'line 8', 'line 9', 'work_label', 'work_append']) {
      assert.equal(await session.step('next'), mark);
      assert.equal(await session.evaluate('name'), name);
    }
    await session.go();
    await session.exited();
  });

  ours('are told of when they begin and end', async (session) => {
    await session.runTo(program, ['main_print']);
    const told = session.events.filter(({ event }) => event === 'thread').map(({ body }) => body);
    const begun = told.filter(({ reason }) => reason === 'started').map(({ threadId }) => threadId);
    const ended = told.filter(({ reason }) => reason === 'exited').map(({ threadId }) => threadId);
    assert.equal(begun.length, 3);
    assert.deepEqual([...ended].sort(), begun.slice(1).sort());
    assert.deepEqual(Object.keys(await threadNames(session)), ['MainThread']);
  });
});
