import assert from 'node:assert/strict';
import { Program, foreign, ours, scenario, values } from './support.mjs';

const lines = new Program('lines.py');
const imports = new Program('imports.py');

/** The values of an expression at each stop until the program ends. */
async function valuesAtStops(session, expression) {
  const seen = [];
  for (;;) {
    const event = await session.until('stop or end', () => {
      const index = session.events.findIndex(({ event }) => event === 'stopped' || event === 'terminated');
      return index < 0 ? undefined : session.events.splice(index, 1)[0];
    });
    if (event.event === 'terminated') return seen;
    session.events.unshift(event);
    await session.stopped('breakpoint');
    seen.push(await session.evaluate(expression));
    await session.go();
  }
}

describe('breakpoints', () => {
  scenario('stop where they are set', async (session) => {
    await session.runTo(lines, ['inner']);
    assert.equal(session.at, 'inner');
    assert.deepEqual(session.frames.map((frame) => frame.name), ['inner', 'outer', '<module>']);
    assert.deepEqual(session.frames.map((frame) => lines.mark(frame.line)), ['inner', 'outer', 'main_outer']);
    assert.equal(session.frames[0].source.path, lines.path);
  });

  scenario('are verified before the program runs', async (session) => {
    await session.prepare(lines);
    const set = await session.breakpoints(['inner', 'loop_body', 'main_print']);
    assert.deepEqual(set.map(({ verified, line }) => [verified, lines.mark(line)]),
      [[true, 'inner'], [true, 'loop_body'], [true, 'main_print']]);
  });

  ours('move down to a line with code', async (session) => {
    await session.prepare(lines);
    const set = await session.breakpoints(['comment', 2, lines.lines.length + 5]);
    assert.deepEqual(set.map(({ verified }) => verified), [true, true, false]);
    assert.equal(lines.mark(set[0].line), 'main_outer');
    assert.equal(set[1].line, 4, 'the def statement');
    assert.match(set[2].message, /\w/);
    await session.configurationDoneRequest();
    await session.stopped('breakpoint');
    assert.equal(session.frames[0].line, 4);
  });

  scenario('are hit each time around a loop', async (session) => {
    await session.prepare(lines);
    await session.breakpoints(['loop_body']);
    await session.configurationDoneRequest();
    assert.deepEqual(await valuesAtStops(session, 'i'), ['0', '1', '2', '3', '4']);
  });

  scenario('on a loop header are hit on entry and each time around', async (session) => {
    await session.prepare(lines);
    await session.breakpoints(['loop_head']);
    await session.configurationDoneRequest();
    assert.deepEqual(await valuesAtStops(session, 'total'), ['0', '0', '1', '3', '6', '10']);
  });

  ours('on a call over several lines are hit once', async (session) => {
    await session.prepare(lines);
    await session.breakpoints(['many_lines']);
    await session.configurationDoneRequest();
    assert.deepEqual(await valuesAtStops(session, 'product'), ['24']);
  });

  scenario('with a condition', async (session) => {
    await session.prepare(lines);
    await session.breakpoints([['loop_body', { condition: 'i % 2 == 1' }]]);
    await session.configurationDoneRequest();
    assert.deepEqual(await valuesAtStops(session, 'i'), ['1', '3']);
  });

  scenario('with a hit count', async (session) => {
    await session.prepare(lines);
    await session.breakpoints([['loop_body', { hitCondition: '3' }]]);
    await session.configurationDoneRequest();
    assert.deepEqual(await valuesAtStops(session, 'i'), ['2']);
  });

  ours('whose condition raises stop and say so', async (session) => {
    await session.runTo(lines, [['loop_body', { condition: 'nowhere > 1' }]]);
    assert.match(session.why.text, /NameError: name 'nowhere' is not defined/);
  });

  scenario('that log do not stop', async (session) => {
    await session.prepare(lines);
    await session.breakpoints([['loop_body', { logMessage: 'i={i}, {total + i}' }], 'main_print']);
    await session.configurationDoneRequest();
    await session.stopped('breakpoint');
    const logged = Object.values(session.output).join('').match(/i=\d+, \d+/g);
    assert.deepEqual(logged, ['i=0, 0', 'i=1, 1', 'i=2, 3', 'i=3, 6', 'i=4, 10']);
  });

  scenario('can be removed and added at a stop', async (session) => {
    await session.runTo(lines, ['inner']);
    await session.breakpoints(['loop_after']);
    await session.go();
    await session.stopped('breakpoint');
    assert.equal(session.at, 'loop_after');
  });

  scenario('in a module that has not been imported yet', async (session) => {
    const helper = new Program('package/helper.py');
    await session.prepare(imports);
    await session.breakpoints(['helper'], helper);
    await session.configurationDoneRequest();
    await session.stopped('breakpoint');
    assert.equal(session.frames[0].source.path, helper.path);
    assert.equal(helper.mark(session.frames[0].line), 'helper');
  });

  scenario('can be set while the program runs', async (session) => {
    const endless = new Program('endless.py');
    await session.prepare(endless);
    await session.configurationDoneRequest();
    await session.written('stdout', 'running');
    await session.breakpoints(['spin']);
    await session.stopped('breakpoint');
    assert.equal(session.at, 'spin');
    const before = Number(await session.evaluate('n'));
    await session.go();
    await session.stopped('breakpoint');
    assert.equal(Number(await session.evaluate('n')), before + 1);
  });

  scenario('breakpoint() stops', async (session) => {
    await session.prepare(imports);
    await session.configurationDoneRequest();
    await session.stopped('breakpoint');
    // Another debugger may already show the line after the call.
    assert.match(session.at, foreign ? /breakpoint_call|print/ : /breakpoint_call/);
    assert.equal(values((await session.scope(foreign ? 'Locals' : 'Globals')).variables).ordered, '[3, 2, 1]');
  });
});
