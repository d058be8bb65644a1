// Handler frames: the VM's native frames of the last executed instructions.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Program, command, foreign, ours, values } from './support.mjs';

const program = new Program('handlers.py');
const COUNT = 25;

/** All instructions that the program executes, as the trace has them. */
function trace() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tailscope-handlers-'));
  try {
    const [binary] = command();
    const file = path.join(folder, 'trace');
    execFileSync(binary, ['trace', '-o', file, program.path], { stdio: 'pipe' });
    const shown = execFileSync(binary, ['trace', 'show', '--json', file], { maxBuffer: 1 << 28 });
    return shown.toString().trim().split('\n').map((line) => JSON.parse(line));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const isHandler = (frame) => /^[A-Z][A-Z_0-9]+( |$)/.test(frame.name);
/** RESUME becomes RESUME_CHECK where nothing is pending; a debugger's wish is. */
const plain = (opcode) => (opcode === 'RESUME_CHECK' ? 'RESUME' : opcode);
const opcode = (frame) => plain(frame.name.split(' ')[0]);
/** The handlers that have executed an instruction, not those that gave it to another one. */
const executed = (session) => session.frames.filter((frame) => isHandler(frame) && !frame.name.includes('passed on'));

/** Where in the trace the program stands: just before this instruction of a function's line. */
function place(all, functionName, line, from = 0) {
  const index = all.findIndex((entry, i) => i >= from && entry.file === program.path && entry.function === functionName && entry.line === line);
  assert.ok(index > COUNT, `${functionName}, line ${line}`);
  return index;
}

const earlier = (all, index, count) => all.slice(Math.max(0, index - count), index).reverse().map((entry) => plain(entry.opcode));

describe('handler frames', () => {
  let all = [];
  before(() => { all = foreign ? [] : trace(); });

  ours('list the last instructions, as the trace has them', async (session) => {
    await session.runTo(program, ['end'], { handlerFrames: COUNT });
    const index = place(all, 'main', program.line('end'));
    assert.deepEqual(executed(session).map(opcode), earlier(all, index, COUNT));
    const names = session.frames.filter((frame) => !isHandler(frame)).map((frame) => frame.name);
    assert.deepEqual(names, ['main', '<module>']);
    assert.equal(await session.evaluate('sum(x * 2 for x in range(9))'), '72');
    const again = (await session.stackTraceRequest({ threadId: session.thread })).body.stackFrames;
    assert.deepEqual(again.filter(isHandler).map((f) => f.name), session.frames.filter(isHandler).map((f) => f.name), 'what is evaluated is not listed');
    const [first] = executed(session);
    assert.match(first.source.path, /\/vm-core\/vm\/src\/ops\/\w+\.rs$/);
    assert.ok(first.line > 1);
    assert.equal(first.presentationHint, 'normal', 'not folded');
    assert.equal(await session.evaluate('missing', 'watch', first), await session.evaluate('missing'), 'in the frame that it ran in');
  });

  ours('hold their parameters and variables', async function (session) {
    this.timeout(120_000);
    await session.runTo(program, ['add'], { handlerFrames: COUNT, justMyCode: false });
    await session.breakpoints([]);
    let index = place(all, 'add', program.line('add'));
    let [seen, known, compared] = [0, 0, 0];
    for (let stop = 0; stop < 60; stop++) {
      const stack = (await session.scope('Value stack')).variables;
      await session.step('stepIn', 'instruction');
      index += 1;
      assert.deepEqual(executed(session).map(opcode), earlier(all, index, COUNT), `after ${stop} steps`);
      for (const [place, frame] of executed(session).entries()) {
        const parameters = (await session.scope('Parameters', frame)).variables;
        const { variables } = await session.scope('Variables', frame);
        for (const { value } of [...Object.values(parameters), ...Object.values(variables)]) {
          seen += 1;
          known += value.includes('not available') ? 0 : 1;
        }
        const entry = all[index - 1 - place];
        if (entry.oparg !== undefined) assert.equal(parameters.oparg.value, String(entry.oparg), JSON.stringify(entry));
        assert.deepEqual(Object.keys(parameters), ['ip', 'sp', 'fp', 'cx', 'oparg', 'window']);
        assert.ok(['sequence', 'r', 'flow'].every((name) => name in variables), Object.keys(variables).join());
        if (place === 0 && /^BINARY_OP_(ADD|MULTIPLY|SUBTRACT)_INT$/.test(opcode(frame))) {
          const slots = Object.keys(stack).length;
          assert.equal(variables.a.value, stack[`[${slots - 2}]`].value);
          assert.equal(variables.b.value, stack[`[${slots - 1}]`].value);
          compared += 1;
        }
      }
    }
    assert.ok(seen > 1000 && known >= 0.95 * seen, `${known} of ${seen} have a value`);
    assert.ok(compared > 3, `${compared} additions`);
  });

  ours('are switched on and off at a stop', async (session) => {
    await session.runTo(program, ['returned'], {}, { supportsInvalidatedEvent: true });
    assert.deepEqual(session.frames.filter(isHandler), []);
    await session.customRequest('tailscope/handlerFrames', { count: 4 });
    assert.deepEqual((await session.event('invalidated')).body.areas, ['stacks']);
    for (let i = 0; i < 6; i++) await session.step('stepIn', 'instruction');
    const index = place(all, 'total_of', program.line('returned')) + 6;
    assert.deepEqual(executed(session).map(opcode), earlier(all, index, 4));
    await session.customRequest('tailscope/handlerFrames', { count: 0 });
    await session.step('next', 'instruction');
    assert.deepEqual(session.frames.filter(isHandler), []);
  });

  ours('belong to the frames that they ran in', async (session) => {
    await session.runTo(program, ['compare'], { handlerFrames: COUNT });
    const names = session.frames.map((frame) => (isHandler(frame) ? (/ in (\S+)/.exec(frame.name)?.[1] ?? '-') : frame.name));
    assert.equal(names[0], 'Point.__lt__');
    const main = names.indexOf('main');
    assert.ok(main > 0 && names.slice(1, main).every((name) => name === '-'), names.join());
    assert.ok(names.slice(main + 1).includes('Point.__init__'), 'what has returned, under what it has returned to');
    const page = await session.stackTraceRequest({ threadId: session.thread, startFrame: 2, levels: 3 });
    assert.deepEqual(page.body.stackFrames.map((f) => f.name), session.frames.slice(2, 5).map((f) => f.name));
    assert.equal(page.body.totalFrames, session.frames.length);
    assert.ok(Object.keys(values((await session.scope('Locals', session.frames[main])).variables)).includes('words'));
  });
});
