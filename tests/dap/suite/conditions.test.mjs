import assert from 'node:assert/strict';
import { Program, ours } from './support.mjs';

// Conditions run in several ways, from a few comparisons without Python code to code that is run with a mapping of the
// frame's variables. None may be told from another but by its speed. The first hit of a place always goes the long way, so
// these are about later ones.
const program = new Program('conditions.py');

/** Goes on to the next hit of a mark with a condition; returns what an expression is there. */
async function next(session, mark, rule, expression) {
  await session.breakpoints([[mark, rule]]);
  await session.go();
  await session.stopped('breakpoint');
  return session.evaluate(expression);
}

/** Watches a variable of the innermost frame. */
async function watch(session, name, rule) {
  const { body } = await session.customRequest('dataBreakpointInfo', { name, frameId: session.frames[0].id });
  const set = await session.customRequest('setDataBreakpoints', { breakpoints: [{ dataId: body.dataId, ...rule }] });
  assert.ok(set.body.breakpoints[0].verified);
  return set.body.breakpoints[0].id;
}

/** Goes on to the next write; returns what the note says of it. */
async function nextWrite(session) {
  await session.go();
  await session.stopped('data breakpoint');
  const [, from, to] = /: (.*) → (.*), written/.exec(session.why.text);
  return [from, to];
}

describe('conditions in hot code', () => {
  for (const [what, cases] of Object.entries({
    'compare variables, attributes and items': [
      ['i == 3', 3], ['i % 10 == 7', 7], ["text == '9'", 9], ['ratio > 5.4', 11], ['item.size >= 12 and not i < 12', 12],
      ['items[-1] == 12', 13], ['13 < i < 20 and item is not None', 14], ["text in ('18', '19')", 18],
      ['i // 2 + i - 1 == 28 or i == 20', 20], ['ratio == 12', 24], ['0 if i < 26 else 1', 26], ['-i == -27', 27],
      ['items and i > LIMIT * 9', 28],
    ],
    'call, and ask objects': [
      ['len(items) == 3', 3], ['item.double == 10', 5], ['str(i) == text and i > 6  # a comment', 7], ['i in items or i == 9', 9],
      ['[k for k in items if k > 8]', 10], ['i in {11, 12}', 11], ['(lambda: LIMIT)() == 3 and i > 12', 13],
      ['locals()["i"] == 15', 15], ['sorted(vars()) and i == 16', 16], ['item == other or i == 18', 18],
      ['i * 10 ** 30 > 19 * 10 ** 30', 20], ['max(i, 22) > 22', 23],
    ],
    'bind names': [
      ['(i_seen := i) == 3', 3], ['i_seen == 3 and i == 5', 5], ['(other := i) == 7', 7], ['other == 7 and i > 8', 9],
    ],
  })) {
    ours(`may ${what}`, async (session) => {
      await session.runTo(program, [['plain_line', { condition: 'i == 1' }]]);
      for (const [condition, i] of cases) {
        assert.equal(await next(session, 'plain_line', { condition }, 'i'), String(i), condition);
        assert.doesNotMatch(session.why.text ?? '', /failed/);
      }
    });
  }

  ours('count hits', async (session) => {
    await session.runTo(program, [['plain_line', { condition: 'i == 1' }]]);
    assert.equal(await next(session, 'plain_line', { condition: 'i % 2 == 0', hitCondition: '3' }, 'i'), '6');
    assert.equal(await next(session, 'plain_line', { condition: 'len(items) % 2 == 0', hitCondition: '% 3' }, 'i'), '12');
    assert.equal(await next(session, 'plain_line', { hitCondition: '>= 5' }, 'i'), '17');
    await session.go();
    await session.stopped('breakpoint');
    assert.equal(await session.evaluate('i'), '18');
  });

  ours('log what they let through, and only that', async (session) => {
    await session.prepare(program);
    const rule = { condition: 'i > 2', hitCondition: '% 10', logMessage: 'at {i}' };
    await session.breakpoints([['plain_line', rule], 'main_done']);
    await session.configurationDoneRequest();
    await session.stopped('breakpoint');
    assert.deepEqual(Object.values(session.output).join('').match(/at \d+/g), ['at 12', 'at 22']);
  });

  ours('of several breakpoints on a line are each asked', async (session) => {
    await session.runTo(program, [['plain_line', { condition: 'i == 1' }]]);
    await session.breakpoints([['plain_line', { condition: 'i == 5' }], ['plain_line', { condition: 'len(items) == 3' }]]);
    for (const i of ['3', '5']) {
      await session.go();
      await session.stopped('breakpoint');
      assert.equal(await session.evaluate('i'), i);
    }
  });

  ours('name variables that are not bound', async (session) => {
    await session.runTo(program, [['unbound_line', { condition: 'late == 2' }]]);
    assert.match(session.why.text, /NameError: name 'late' is not defined/);
    await session.go();
    await session.stopped('breakpoint');
    assert.match(session.why.text, /NameError: name 'late' is not defined/);
    await session.go();
    await session.stopped('breakpoint');
    assert.equal(await session.evaluate('i'), '2');
    assert.ok(!session.why.text?.includes('NameError'));
  });

  ours('raise at a later hit', async (session) => {
    await session.runTo(program, [['divide_line', { condition: '10 // (i - 5) > 100' }]]);
    assert.match(session.why.text, /ZeroDivisionError/);
    assert.equal(await session.evaluate('i'), '5');
    await session.breakpoints([['divide_line', { condition: 'abs(i) > 6 and nowhere' }]]);
    await session.go();
    await session.stopped('breakpoint');
    assert.match(session.why.text, /NameError: name 'nowhere' is not defined/);
    assert.equal(await session.evaluate('i'), '7');
  });

  ours('see variables that functions share, and hit nothing in what they call', async (session) => {
    await session.runTo(program, [['cell_line', { condition: 'seen == 1' }]]);
    assert.equal(await session.evaluate('i'), '2');
    await session.breakpoints([['cell_line', { condition: 'add(0) == 6' }], ['cell_add', { condition: 'i == 0' }]]);
    await session.go();
    await session.stopped('breakpoint');
    assert.equal(session.at, 'cell_line');
    assert.equal(await session.evaluate('i'), '4');
    await session.breakpoints([['cell_add', { condition: 'seen == 6 and i' }]]);
    await session.go();
    await session.stopped('breakpoint');
    assert.equal(session.at, 'cell_add');
  });

  ours('see the names of a class body', async (session) => {
    await session.runTo(program, [['class_line', { condition: 'step == 3' }]]);
    assert.equal(await session.evaluate('level'), '2');
    assert.equal(await next(session, 'class_line', { condition: 'abs(level) == 3' }, 'step'), '4');
  });

  ours('may change the variables of the frame', async (session) => {
    await session.runTo(program, [['change_line', { condition: '(flag := flag + 10) > 25' }]]);
    assert.equal(await session.evaluate('flag, i'), '(32, 2)');
  });

  ours('of removed breakpoints are not asked any more', async (session) => {
    await session.runTo(program, [['plain_line', { condition: 'i == 3' }]]);
    await session.breakpoints([]);
    await session.go();
    assert.equal(await session.exited(), 0);
    assert.match(session.output.stdout, /^1\n2\n10\n\[0, 2, 4, 6\]\n6\n3\n5\ndone\n$/);
  });

  ours('are asked in each thread', async (session) => {
    await session.runTo(program, [['thread_line', { condition: 'who == 1 and i == 1500' }]]);
    assert.equal(await session.evaluate('who, i, total'), `(1, 1500, ${(1499 * 1500) / 2})`);
    assert.equal(await next(session, 'thread_line', { condition: 'abs(who) == 2 and i > 1998' }, 'who'), '2');
    await session.breakpoints([]);
    await session.go();
    assert.equal(await session.exited(), 0);
  });

  ours('of data breakpoints see what has been written, in their own call', async (session) => {
    await session.runTo(program, [['recurse_begin', { condition: 'depth == 2' }]]);
    await session.breakpoints([]);
    await watch(session, 'total', { condition: 'total >= 3' });
    assert.deepEqual(await nextWrite(session), ['1', '3']);
    assert.equal(await session.evaluate('depth'), '2');
    assert.deepEqual(await nextWrite(session), ['3', '6']);
  });

  ours('of data breakpoints on a recursive call hold for that one', async (session) => {
    await session.runTo(program, [['recurse_begin', { condition: 'depth == 1' }]]);
    await session.breakpoints([['recurse_write', { condition: 'depth == 2' }]]);
    const id = await watch(session, 'total', { condition: 'abs(total) == 6' });
    assert.deepEqual(await nextWrite(session), ['3', '6']);
    assert.equal(await session.evaluate('depth'), '1');
    await session.go();
    await session.stopped('breakpoint');
    const told = session.events.filter(({ event }) => event === 'breakpoint').map(({ body }) => body.breakpoint);
    assert.match(told.find((breakpoint) => breakpoint.id === id).message, /has ended/);
  });

  ours('of data breakpoints see both variables that one instruction writes', async (session) => {
    await session.runTo(program, ['pair_begin']);
    await session.breakpoints([]);
    await watch(session, 'first', { condition: 'first == 1 and second == 2' });
    await session.go();
    await session.stopped('data breakpoint');
    assert.equal(await session.evaluate('first, second, i'), '(1, 2, 2)');
    await watch(session, 'second', { condition: 'first + second == 7' });
    await session.go();
    await session.stopped('data breakpoint');
    assert.equal(await session.evaluate('first, second'), '(3, 4)');
  });

  ours('of data breakpoints on shared and on generators’ variables', async (session) => {
    await session.runTo(program, [['cell_line', { condition: 'i == 0' }]]);
    await session.breakpoints([['generator_write', { condition: 'i == 1' }]]);
    await watch(session, 'seen', { condition: 'seen > 3' });
    assert.deepEqual(await nextWrite(session), ['3', '6']);
    await session.go();
    await session.stopped('data breakpoint');
    await session.go();
    await session.stopped('breakpoint');
    await session.breakpoints([]);
    await watch(session, 'kept', { condition: 'kept > 3' });
    assert.deepEqual(await nextWrite(session), ['2', '4']);
    assert.deepEqual(await nextWrite(session), ['4', '6']);
  });

  ours('of data breakpoints in a loop see each value, of whatever type', async (session) => {
    const big = `1${'0'.repeat(30)}`;
    const wanted = {
      'level == 3': ['3', '3', '3'],
      'level != 3': ['0', '1', '2', '2.5', '3.5', '4', 'True', big, '0'],
      'level < 3': ['0', '1', '2', '2.5', 'True', '0'],
      'level <= 2': ['0', '1', '2', 'True', '0'],
      'level > 3': ['3.5', '4', big],
      'level >= 4': ['4', big],
    };
    await session.runTo(program, ['store_begin']);
    for (const [condition, values] of Object.entries(wanted)) {
      await watch(session, 'level', { condition });
      for (const value of values) assert.equal((await nextWrite(session))[1], value, condition);
      await session.go();
      // Of the last call, the variable is gone with it.
      if (condition !== 'level >= 4') await session.stopped('breakpoint');
    }
    assert.equal(await session.exited(), 0);
  });

  ours('of data breakpoints in a loop change at once', async (session) => {
    await session.runTo(program, ['store_begin']);
    await session.breakpoints([]);
    await watch(session, 'level', { condition: 'level == 2.5' });
    assert.deepEqual(await nextWrite(session), ['3', '2.5']);
    await watch(session, 'level', { condition: 'level == 4' });
    assert.deepEqual(await nextWrite(session), ['3.5', '4']);
    await watch(session, 'level', { condition: 'level > 3' });
    assert.deepEqual(await nextWrite(session), ['3', `1${'0'.repeat(30)}`]);
  });

  ours('of data breakpoints count hits', async (session) => {
    await session.runTo(program, [['recurse_begin', { condition: 'depth == 0' }]]);
    await session.breakpoints([]);
    await watch(session, 'total', { hitCondition: '4' });
    assert.deepEqual(await nextWrite(session), ['1', '3']);
  });
});
