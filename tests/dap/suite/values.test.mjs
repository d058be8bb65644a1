import assert from 'node:assert/strict';
import { Program, ours, refused, scenario, values } from './support.mjs';

const slow = new Program('slow.py');
const program = new Program('values.py');
const calls = new Program('calls.py');

describe('values', () => {
  ours('in hexadecimal', async (session) => {
    await session.runTo(slow, ['show']);
    const { reference } = await session.scope('Locals');
    const shown = values(await session.variables(reference, { format: { hex: true } }));
    assert.equal(shown.number, '0xff');
    assert.equal(shown.huge, '-0x400000000000000000');
    const { body } = await session.evaluateRequest({
      expression: 'number + 1', context: 'watch', frameId: session.frames[0].id, format: { hex: true },
    });
    assert.equal(body.result, '0x100');
    const set = await session.setVariableRequest({ variablesReference: reference, name: 'number', value: '16', format: { hex: true } });
    assert.equal(set.body.value, '0x10');
  });

  ours('of properties are computed when they are asked for', async (session) => {
    await session.runTo(slow, ['show']);
    const { variables } = await session.scope('Locals');
    const inside = await session.variables(variables.lazy.variablesReference);
    assert.equal(inside.answer.presentationHint.lazy, true);
    assert.equal(inside.answer.presentationHint.kind, 'property');
    assert.equal(await session.evaluate('lazy.asked'), '0');
    const asked = await session.variables(inside.answer.variablesReference);
    assert.deepEqual(values(asked), { answer: '42' });
    assert.equal(await session.evaluate('lazy.asked'), '1');
    assert.match(values(await session.variables(inside.broken.variablesReference)).broken, /raised RuntimeError: no answer/);
  });

  ours('say how they are to be shown', async (session) => {
    await session.runTo(slow, ['show']);
    const { variables } = await session.scope('Locals');
    assert.equal(variables._private.presentationHint.visibility, 'private');
    const globals = (await session.scope('Globals')).variables;
    assert.equal(globals.Lazy.presentationHint.kind, 'class');
    assert.equal(globals.show.presentationHint.kind, 'method');
    assert.equal(globals.__name__.presentationHint.visibility, 'internal');
    assert.deepEqual(globals.__name__.presentationHint.attributes, ['rawString']);
  });

  ours('name the place where a function or class was defined', async (session) => {
    await session.runTo(slow, ['show']);
    const { variables } = await session.scope('Globals');
    const place = async ({ valueLocationReference }) =>
      (await session.customRequest('locations', { locationReference: valueLocationReference })).body;
    const found = await place(variables.show);
    assert.equal(found.source.path, slow.path);
    assert.match(slow.lines[found.line - 1], /def show/);
    assert.match(slow.lines[(await place(variables.Lazy)).line - 1], /class Lazy/);
    await refused(session.customRequest('locations', { locationReference: 99999 }), /earlier stop/);
  });

  ours('have memory that can be read and written', async (session) => {
    await session.runTo(slow, ['show'], {}, { supportsMemoryEvent: true, supportsInvalidatedEvent: true });
    const { variables } = await session.scope('Locals');
    const read = async (memoryReference, more) =>
      (await session.customRequest('readMemory', { memoryReference, ...more })).body;
    const text = ({ data }) => Buffer.from(data, 'base64').toString();
    const all = await read(variables.data.memoryReference, { count: 100 });
    assert.deepEqual([text(all), all.unreadableBytes], ['hello world', 89]);
    assert.equal(text(await read(variables.view.memoryReference, { offset: 1, count: 2 })), '34');
    const data = Buffer.from('XY').toString('base64');
    const memoryReference = variables.buffer.memoryReference;
    const { body } = await session.customRequest('writeMemory', { memoryReference, offset: 3, data });
    assert.equal(body.bytesWritten, 2);
    assert.equal(await session.evaluate('(buffer, bytes(view))'), "(bytearray(b'012XY56789'), b'2XY5')");
    const { body: told } = await session.event('memory');
    assert.deepEqual(told, { memoryReference, offset: 3, count: 2 });
    assert.deepEqual((await session.event('invalidated')).body.areas, ['variables']);
    await refused(session.customRequest('writeMemory', { memoryReference: variables.data.memoryReference, data }), /memory of a bytes cannot be written/);
    await refused(session.customRequest('writeMemory', { memoryReference, offset: 9, data }), /do not fit/);
    await refused(read('0x100000010', { count: 1 }), /refers to no value's memory/);
    assert.equal(variables.number.memoryReference, undefined);
  });

  scenario('of expressions can be written', async (session) => {
    await session.runTo(program, ['show']);
    const set = (expression, value) => session.customRequest('setExpression', { expression, value, frameId: session.frames[0].id });
    assert.equal((await set('items[0]', '10 + 1')).body.value, '11');
    assert.equal((await set('point.x', '[1, 2]')).body.value, '[1, 2]');
    assert.equal(await session.evaluate('(items[0], point.x)'), '(11, [1, 2])');
  });

  ours('of what is no place cannot', async (session) => {
    await session.runTo(program, ['show']);
    const set = (expression, value) => session.customRequest('setExpression', { expression, value, frameId: session.frames[0].id });
    await refused(set('len(items)', '1'), /cannot assign|SyntaxError/);
    await refused(set('number', 'nowhere'), /NameError/);
    assert.equal((await set('number', '7')).body.value, '7');
    assert.equal(await session.evaluate('number'), '7');
  });
});

describe('hovers', () => {
  ours('call nothing', async (session) => {
    await session.runTo(program, ['show']);
    await refused(session.evaluate('items.clear()', 'hover'), /calls something/);
    assert.equal(await session.evaluate('items', 'hover'), "[1, 'two', [3, 3.5]]");
    await refused(session.evaluate('(number := 3)', 'hover'), /binds a name/);
  });
});

describe('completions', () => {
  const complete = async (session, text, column = text.length + 1) =>
    (await session.completionsRequest({ text, column, frameId: session.frames[0].id })).body.targets;

  scenario('of names and attributes', async (session) => {
    await session.runTo(program, ['show']);
    const names = (await complete(session, 'num')).map(({ label }) => label);
    assert.ok(names.includes('number'), names.join());
    const attributes = (await complete(session, 'point.s')).map(({ label }) => label);
    assert.ok(attributes.includes('size') && attributes.includes('scale'), attributes.join());
  });

  ours('say what they replace, and call nothing', async (session) => {
    await session.runTo(program, ['show']);
    const [size] = (await complete(session, 'x = point.si')).filter(({ label }) => label === 'size');
    assert.deepEqual([size.type, size.start, size.length], ['property', 11, 2]);
    assert.deepEqual(await complete(session, 'items.clear().'), []);
    assert.equal(await session.evaluate('len(items)'), '3');
    const keywords = await complete(session, 'whi');
    assert.deepEqual(keywords.map(({ label, type }) => [label, type]), [['while', 'keyword']]);
    assert.ok((await complete(session, 'for n in range(3):\n    nu', 7)).length > 0, 'the first line');
  });
});

describe('what has been loaded', () => {
  ours('modules', async (session) => {
    const imports = new Program('imports.py');
    await session.runTo(imports, ['print'], { env: { PYTHONBREAKPOINT: '0' } });
    const { body } = await session.modulesRequest({});
    const module = (name) => body.modules.find((other) => other.name === name);
    assert.equal(module('__main__').path, imports.path);
    assert.equal(module('__main__').isUserCode, true);
    assert.match(module('package.helper').path, /package\/helper\.py$/);
    assert.equal(module('reprlib').isUserCode, false);
    assert.equal(body.totalModules, body.modules.length);
    const page = (await session.customRequest('modules', { startModule: 1, moduleCount: 2 })).body;
    assert.deepEqual(page.modules, body.modules.slice(1, 3));
    assert.equal(session.frames[0].moduleId, '__main__');
    const told = session.events.filter(({ event }) => event === 'module').map(({ body: { reason, module: { name } } }) => [reason, name]);
    assert.ok(told.some(([reason, name]) => reason === 'new' && name === 'package.helper'));
  });

  ours('sources, and the text of those that are no files', async (session) => {
    await session.runTo(new Program('imports.py'), ['print'], { env: { PYTHONBREAKPOINT: '0' } });
    const { body } = await session.customRequest('loadedSources');
    const library = body.sources.find(({ name, sourceReference }) => name === 'reprlib.py' && sourceReference > 0);
    const text = await session.sourceRequest({ source: library, sourceReference: library.sourceReference });
    assert.match(text.body.content, /def recursive_repr/);
    assert.ok(session.events.some(({ event, body: { reason, source } }) =>
      event === 'loadedSource' && reason === 'new' && source.name === 'helper.py'));
  });

  ours('the text of code that exec was given', async (session) => {
    await session.prepare(calls);
    await session.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'made' }] });
    await session.configurationDoneRequest();
    await session.stopped('function breakpoint');
    const { source, line } = session.frames[0];
    const { body } = await session.sourceRequest({ source, sourceReference: source.sourceReference });
    assert.match(body.content.split('\n')[line - 1], /return 'made by exec'/);
    const set = await session.setBreakpointsRequest({ source, breakpoints: [{ line: 4 }] });
    assert.equal(set.body.breakpoints[0].verified, true);
    await session.go();
    await session.stopped('breakpoint');
    assert.equal(session.frames[0].line, 4);
  });
});
