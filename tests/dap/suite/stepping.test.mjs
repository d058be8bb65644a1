import assert from 'node:assert/strict';
import { Program, ours, scenario } from './support.mjs';

const lines = new Program('lines.py');
const flow = new Program('flow.py');
const imports = new Program('imports.py');

/** The marks that these steps lead to. */
async function walk(session, ...commands) {
  const seen = [];
  for (const command of commands) seen.push(await session.step(command));
  return seen;
}

describe('stepping by line', () => {
  scenario('over calls', async (session) => {
    await session.runTo(lines, ['main_outer']);
    assert.deepEqual(await walk(session, 'next', 'next', 'next'), ['main_loop', 'main_one_line', 'main_factorial']);
  });

  scenario('into a call, to its first line', async (session) => {
    await session.runTo(lines, ['main_outer']);
    assert.deepEqual(await walk(session, 'stepIn', 'stepIn', 'next'), ['outer', 'inner', 'inner_return']);
  });

  scenario('out of a call, to the rest of the calling line', async (session) => {
    await session.runTo(lines, ['inner']);
    await session.breakpoints([]);
    assert.deepEqual(await walk(session, 'stepOut', 'next', 'stepIn', 'stepOut', 'stepOut'),
      ['outer', 'outer_two', 'inner', 'outer_two', 'main_outer']);
  });

  scenario('over the end of a function, into its caller', async (session) => {
    await session.runTo(lines, ['inner_return']);
    assert.deepEqual(await walk(session, 'next', 'next'), ['outer', 'outer_two']);
  });

  scenario('around a loop', async (session) => {
    await session.runTo(lines, ['loop_before']);
    assert.deepEqual(await walk(session, 'next', 'next', 'next', 'next'),
      ['loop_head', 'loop_body', 'loop_head', 'loop_body']);
  });

  ours('a comprehension or loop on one line is one line', async (session) => {
    await session.runTo(lines, ['comprehension']);
    assert.deepEqual(await walk(session, 'next', 'next'), ['one_line_loop', 'one_line_after']);
  });

  scenario('over a recursive call stays in its activation', async (session) => {
    await session.runTo(lines, ['factorial_if']);
    await session.breakpoints([]);
    assert.deepEqual(await walk(session, 'next', 'next'), ['factorial_call', 'main_factorial']);
  });

  ours('over a generator, and into it', async (session) => {
    await session.runTo(flow, ['gather_for']);
    await session.breakpoints([]);
    assert.deepEqual(await walk(session, 'next', 'next', 'stepIn'), ['gather_body', 'gather_for', 'yield_one']);
  });

  scenario('into a handler, finally and on', async (session) => {
    await session.runTo(flow, ['try']);
    assert.deepEqual(await walk(session, 'next', 'next', 'next', 'next'),
      ['except', 'handler', 'finally', 'after_finally']);
  });

  ours('out of a function that raises, to where it is caught', async (session) => {
    await session.runTo(flow, ['raise']);
    assert.deepEqual(await walk(session, 'next', 'next'), ['except', 'handler']);
  });

  scenario('into and out of a with block', async (session) => {
    await session.runTo(flow, ['with']);
    await session.breakpoints([]);
    assert.deepEqual(await walk(session, 'next', 'next', 'next'), ['with_body', 'with', 'after_with']);
  });

  scenario('passes through library code, but not through its callbacks', async (session) => {
    await session.runTo(imports, ['library']);
    assert.deepEqual(await walk(session, 'next', 'stepIn'), ['sorted', 'sorted']);
    assert.equal(session.frames[0].name, '<lambda>');
  });

  ours('goes into library code when told to', async (session) => {
    await session.runTo(imports, ['library'], { justMyCode: false });
    await session.step('stepIn');
    await session.step('stepOut');
    await session.step('stepIn');
    assert.match(session.frames[0].source.path ?? session.frames[0].source.name, /reprlib/);
  });

  scenario('stops at breakpoints on its way', async (session) => {
    await session.runTo(lines, ['main_outer']);
    await session.breakpoints(['inner_return']);
    await session.nextRequest({ threadId: session.thread });
    await session.stopped('breakpoint');
    assert.equal(session.at, 'inner_return');
  });

  scenario('ends with the program', async (session) => {
    await session.runTo(lines, ['main_print']);
    await session.nextRequest({ threadId: session.thread });
    assert.equal(await session.exited(), 0);
  });
});

describe('stepping by instruction', () => {
  ours('goes through every instruction of a line', async (session) => {
    await session.runTo(lines, ['inner']);
    const seen = [];
    while (session.at === 'inner') {
      seen.push((await session.scope('Instruction')).variables.opcode.value.replace(/_\w*INT.*| \(.*/, ''));
      await session.step('next', 'instruction');
    }
    assert.deepEqual(seen.map((name) => name.split('_')[0]), ['LOAD', 'LOAD', 'BINARY', 'STORE']);
    assert.equal(session.at, 'inner_return');
  });

  ours('goes into a call and over it', async (session) => {
    await session.runTo(lines, ['main_outer']);
    const opcode = async () => (await session.scope('Instruction')).variables.opcode.value;
    while (!(await opcode()).startsWith('CALL')) await session.step('stepIn', 'instruction');
    const depth = session.frames.length;
    await session.step('stepIn', 'instruction');
    assert.equal(session.frames.length, depth + 1);
    assert.match(await opcode(), /^RESUME/);
    await session.step('stepOut', 'instruction');
    assert.equal(session.frames.length, depth);
    assert.match(await opcode(), /^STORE_NAME/);
  });

  ours('each address is one that the disassembly has', async (session) => {
    await session.runTo(lines, ['loop_before']);
    const reference = session.frames[0].instructionPointerReference;
    const { body } = await session.disassembleRequest({ memoryReference: reference, instructionOffset: -50, instructionCount: 150 });
    const known = new Set(body.instructions.filter((i) => i.presentationHint !== 'invalid').map((i) => i.address));
    for (let n = 0; n < 30 && session.frames[0].name === 'loop'; n++) {
      assert.ok(known.has(session.frames[0].instructionPointerReference), session.frames[0].instructionPointerReference);
      await session.step('next', 'instruction');
    }
  });

  ours('an instruction that specializes itself is passed once', async (session) => {
    await session.runTo(lines, ['loop_before']);
    const address = () => session.frames[0].instructionPointerReference;
    for (let n = 0; n < 60 && session.frames[0].name === 'loop'; n++) {
      const before = address();
      await session.step('next', 'instruction');
      assert.notEqual(address(), before);
    }
  });
});
