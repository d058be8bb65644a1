import assert from 'node:assert/strict';
import { Program, ours, refused, scenario, values } from './support.mjs';

const program = new Program('values.py');

describe('variables', () => {
  scenario('of all kinds', async (session) => {
    await session.runTo(program, ['show']);
    const { variables } = await session.scope('Locals');
    const expected = {
      argument: ["'first'", 'str'], rest: ["('second', 'third')", 'tuple'], option: ['True', 'bool'],
      more: ["{'extra': 1}", 'dict'], number: ['42', 'int'], huge: ['1267650600228229401496703205376', 'int'],
      ratio: ['0.1', 'float'], text: ["'täxt 😀'", 'str'], data: ["b'\\x00bytes'", 'bytes'], nothing: ['None', 'NoneType'],
      items: ["[1, 'two', [3, 3.5]]", 'list'], pair: ['(1, 2)', 'tuple'], unique: ['{5}', 'set'], point: ['Point(3, 4)', 'Point'],
    };
    for (const [name, [value, type]] of Object.entries(expected)) {
      assert.deepEqual([variables[name]?.value, variables[name]?.type], [value, type], name);
    }
    assert.match(variables.broken.value, /no repr today|Broken/);
  });

  ours('long ones are shortened', async (session) => {
    await session.runTo(program, ['show']);
    const { variables } = await session.scope('Locals');
    assert.ok(variables.long.value.length < 5000, `a repr of ${variables.long.value.length} characters`);
    assert.ok(variables.long.value.startsWith("'xxxx"));
  });

  scenario('nested', async (session) => {
    await session.runTo(program, ['show']);
    const { variables } = await session.scope('Locals');
    const items = await session.variables(variables.items.variablesReference);
    assert.equal(items['0'].value, '1');
    assert.equal(items['2'].value, '[3, 3.5]');
    const inner = await session.variables(items['2'].variablesReference);
    assert.equal(inner['1'].value, '3.5');
    assert.equal(await session.evaluate(inner['1'].evaluateName), '3.5');
    const point = await session.variables(variables.point.variablesReference);
    assert.equal(point.x.value, '3');
    assert.equal(await session.evaluate(point.y.evaluateName), '4');
  });

  scenario('of dicts, by their keys', async (session) => {
    await session.runTo(program, ['show']);
    const { variables } = await session.scope('Globals');
    const entries = await session.variables(variables.settings.variablesReference);
    assert.equal(entries["'depth'"].value, '3');
    assert.equal(entries['7'].value, 'None');
    assert.equal(await session.evaluate(entries["'name'"].evaluateName), "'tail'");
    assert.equal(await session.evaluate(entries['(1, 2)'].evaluateName), '[3, 4]');
  });

  ours('of objects with slots', async (session) => {
    await session.runTo(program, ['show']);
    const { variables } = await session.scope('Locals');
    const slotted = await session.variables(variables.slotted.variablesReference);
    assert.equal(slotted.a.value, '1');
  });

  ours('in pages', async (session) => {
    await session.runTo(program, ['show']);
    const { variables } = await session.scope('Globals');
    assert.equal(variables.big.indexedVariables, 5000);
    const page = await session.variables(variables.big.variablesReference, { filter: 'indexed', start: 4000, count: 3 });
    assert.deepEqual(values(page), { 4000: '4000', 4001: '4001', 4002: '4002' });
  });

  scenario('of enclosing functions', async (session) => {
    await session.runTo(program, ['in_closure']);
    const { variables } = await session.scope('Locals');
    assert.deepEqual([variables.n.value, variables.seed.value, variables.shared.value], ['1', '5', '[5, 6]']);
  });

  scenario('of other frames', async (session) => {
    await session.runTo(program, ['in_closure']);
    const { variables } = await session.scope('Locals', session.frames[1]);
    assert.equal(variables.shared.value, '[5, 6]');
    assert.equal(await session.evaluate('seed * 2', 'watch', session.frames[1]), '10');
  });

  scenario('can be written', async (session) => {
    await session.runTo(program, ['show']);
    const { reference, variables } = await session.scope('Locals');
    const set = async (container, name, value) =>
      (await session.setVariableRequest({ variablesReference: container, name, value })).body.value;
    assert.equal(await set(reference, 'number', 'number + 1'), '43');
    assert.equal(await set(variables.items.variablesReference, '0', "'new'"), "'new'");
    assert.equal(await set(variables.point.variablesReference, 'x', '30'), '30');
    assert.equal(await session.evaluate('(number, items[0], point.x)'), "(43, 'new', 30)");
    const globals = await session.scope('Globals');
    assert.equal(await set(globals.variables.settings.variablesReference, "'depth'", '4'), '4');
    assert.equal(await session.evaluate("settings['depth']"), '4');
  });

  ours('cannot be written with what is no expression', async (session) => {
    await session.runTo(program, ['show']);
    const { reference } = await session.scope('Locals');
    const set = (value) => session.setVariableRequest({ variablesReference: reference, name: 'number', value });
    await refused(set('nowhere'), /NameError: name 'nowhere' is not defined/);
    await refused(set('1 +'), /SyntaxError/);
    assert.equal(await session.evaluate('number'), '42');
  });

  ours('of closures can be written', async (session) => {
    await session.runTo(program, ['in_closure']);
    const { reference } = await session.scope('Locals');
    await session.setVariableRequest({ variablesReference: reference, name: 'seed', value: '50' });
    assert.equal(await session.evaluate('seed', 'watch', session.frames[1]), '50');
  });
});

describe('evaluation', () => {
  scenario('of expressions', async (session) => {
    await session.runTo(program, ['show']);
    assert.equal(await session.evaluate('number * 2 + len(items)'), '87');
    assert.equal(await session.evaluate('[n for n in items if n == 1]'), '[1]');
    assert.equal(await session.evaluate('point.size', 'hover'), '70');
    assert.equal(await session.evaluate('settings["name"].upper()'), "'TAIL'");
  });

  ours('of statements, in the console', async (session) => {
    await session.runTo(program, ['show']);
    assert.equal(await session.evaluate('added = [number]', 'repl'), '', 'as at the prompt, nothing');
    await session.evaluate('import math\nfor n in (1, 2):\n    added.append(math.floor(n + 0.5))', 'repl');
    assert.equal(await session.evaluate('added', 'repl'), '[42, 1, 2]');
    await session.evaluate('print("from the console")', 'repl');
    await session.written('stdout', 'from the console\n');
    await refused(session.evaluate('added = 1', 'watch'), /SyntaxError/);
  });

  scenario('that raises', async (session) => {
    await session.runTo(program, ['show']);
    await refused(session.evaluate('number / 0'), /ZeroDivisionError/);
    await refused(session.evaluate('nowhere'), /NameError: name 'nowhere' is not defined/);
    assert.equal(await session.evaluate('number'), '42', 'the program is none the worse for it');
  });

  ours('hits no breakpoint', async (session) => {
    const lines = new Program('lines.py');
    await session.runTo(lines, ['main_loop']);
    await session.breakpoints(['inner']);
    assert.equal(await session.evaluate('inner(5)'), '10');
  });

  ours('the clipboard gets the whole text', async (session) => {
    await session.runTo(program, ['show']);
    assert.equal((await session.evaluate('long', 'clipboard')).length, 100_002);
  });

  ours('a result can be looked into', async (session) => {
    await session.runTo(program, ['show']);
    const { body } = await session.evaluateRequest({ expression: 'items', context: 'watch', frameId: session.frames[0].id });
    const inside = await session.variables(body.variablesReference, { filter: 'indexed' });
    assert.equal(inside['1'].value, "'two'");
  });
});
