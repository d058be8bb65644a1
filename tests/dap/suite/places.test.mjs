import assert from 'node:assert/strict';
import { Program, ours, refused, scenario } from './support.mjs';

const lines = new Program('lines.py');
const calls = new Program('calls.py');

async function goto(session, mark) {
  const source = { path: session.program.path };
  const { body } = await session.gotoTargetsRequest({ source, line: session.program.line(mark) });
  await session.gotoRequest({ threadId: session.thread, targetId: body.targets[0].id });
  await session.stopped('goto');
  return body.targets;
}

describe('function breakpoints', () => {
  const set = async (session, ...breakpoints) =>
    (await session.setFunctionBreakpointsRequest({ breakpoints })).body.breakpoints;

  scenario('stop at the first line of a function', async (session) => {
    await session.prepare(lines);
    await set(session, { name: 'inner' });
    await session.configurationDoneRequest();
    await session.stopped('function breakpoint');
    assert.equal(session.at, 'inner');
  });

  ours('with conditions, by qualified names, in code that is loaded later', async (session) => {
    await session.prepare(new Program('imports.py'), { env: { PYTHONBREAKPOINT: '0' } });
    const [pending] = await set(session, { name: 'package.helper.answer' });
    assert.equal(pending.verified, false);
    await session.configurationDoneRequest();
    await session.stopped('function breakpoint');
    assert.equal(session.frames[0].name, 'answer');
    const told = session.events.filter(({ event }) => event === 'breakpoint').map(({ body }) => body.breakpoint);
    assert.ok(told.some(({ id, verified }) => id === pending.id && verified));
  });

  ours('with a condition and a hit count', async (session) => {
    await session.prepare(lines);
    await set(session, { name: 'factorial', condition: 'n < 4', hitCondition: '2' });
    await session.configurationDoneRequest();
    await session.stopped('function breakpoint');
    assert.equal(await session.evaluate('n'), '2');
  });
});

describe('columns', () => {
  ours('breakpoints can be set on statements, calls and comprehensions', async (session) => {
    await session.prepare(calls);
    const at = async (mark) => {
      const line = calls.line(mark);
      const { body } = await session.customRequest('breakpointLocations', { source: { path: calls.path }, line });
      const text = calls.lines[line - 1];
      return body.breakpoints.map(({ column, endColumn }) => text.slice(column - 1, endColumn - 1));
    };
    assert.deepEqual(await at('statements'), ['a = 1', 'b = two(a)', 'two(a)', 'c = 7']);
    const nested = await at('nested');
    assert.ok(['two(one())', 'one()', 'two(5)'].every((text) => nested.includes(text)), nested.join(' | '));
  });

  ours('a breakpoint on a column stops there', async (session) => {
    await session.prepare(calls);
    const line = calls.line('statements');
    const column = calls.lines[line - 1].indexOf('c = 7') + 1;
    const [set] = await session.breakpoints([[line, { column }]]);
    assert.deepEqual([set.verified, set.line, set.column], [true, line, column]);
    await session.configurationDoneRequest();
    await session.stopped('breakpoint');
    assert.equal(await session.evaluate('b'), '2');
    await refused(session.evaluate('c'), /NameError|UnboundLocalError/);
  });
});

describe('step targets', () => {
  const targets = async (session) =>
    (await session.stepInTargetsRequest({ frameId: session.frames[0].id })).body.targets;

  ours('are the calls that are left on the line', async (session) => {
    await session.runTo(calls, ['nested']);
    const found = await targets(session);
    assert.deepEqual(found.map(({ label }) => label), ['one()', 'two(one())', 'two(5)']);
    await session.stepInRequest({ threadId: session.thread, targetId: found[2].id });
    await session.stopped('step');
    assert.equal(session.at, 'two');
    assert.equal(await session.evaluate('n'), '5');
    await session.step('stepOut');
    assert.deepEqual(await targets(session), []);
  });
});

describe('going on elsewhere', () => {
  ours('at another line', async (session) => {
    await session.runTo(calls, ['x_three']);
    await goto(session, 'x_one');
    assert.equal(session.at, 'x_one');
    assert.equal(await session.step('next'), 'x_two');
    assert.equal(await session.evaluate('x'), '1');
    await goto(session, 'x_return');
    assert.equal(await session.step('stepOut'), 'main_plain');
    await session.breakpoints([]);
    await session.go();
    assert.equal(await session.exited(), 0);
  });

  ours('not where it would corrupt the program', async (session) => {
    await session.runTo(calls, ['again_second']);
    const source = { path: calls.path };
    await refused(session.gotoTargetsRequest({ source, line: calls.line('again_body') }), /for loop/);
    await refused(session.gotoTargetsRequest({ source, line: calls.line('one') }), /before the current code block/);
    await refused(session.gotoTargetsRequest({ source: { path: lines.path }, line: 5 }), /line of that file only/);
    await goto(session, 'again_return');
    await session.step('stepOut');
    await session.go();
    assert.equal(await session.exited(), 0);
  });

  ours('at the beginning of the function', async (session) => {
    await session.runTo(calls, ['again_body']);
    assert.deepEqual(session.frames.map(({ canRestart }) => canRestart), [true, false]);
    await session.restartFrameRequest({ frameId: session.frames[0].id });
    await session.stopped('goto');
    assert.equal(session.at, 'again_first');
    assert.equal(await session.evaluate('n'), '2', 'arguments are as they are');
    await refused(session.evaluate('extra'), /NameError|UnboundLocalError/);
    await refused(session.restartFrameRequest({ frameId: session.frames[1].id }), /innermost/);
    await session.breakpoints(['again_return']);
    await session.go();
    await session.stopped('breakpoint');
    assert.equal(await session.evaluate('(n, extra)'), '(3, 5)');
  });
});

describe('frames', () => {
  ours('come in pages', async (session) => {
    await session.runTo(lines, [['factorial_one', {}]]);
    const all = session.frames;
    const { body } = await session.stackTraceRequest({ threadId: session.thread, startFrame: 1, levels: 2 });
    assert.deepEqual(body.stackFrames.map(({ id }) => id), all.slice(1, 3).map(({ id }) => id));
    assert.equal(body.totalFrames, all.length);
  });

  ours('are named as the client wants them', async (session) => {
    await session.runTo(lines, ['inner']);
    const { body } = await session.stackTraceRequest({ threadId: session.thread, format: { module: true, line: true } });
    assert.equal(body.stackFrames[0].name, `__main__.inner line ${lines.line('inner')}`);
  });
});
