import assert from 'node:assert/strict';
import { Program, ours } from './support.mjs';

const branches = new Program('branches.py');
const lines = new Program('lines.py');

describe('instructions', () => {
  ours('around the current one, with sources and symbols', async (session) => {
    await session.runTo(lines, ['loop_body']);
    const memoryReference = session.frames[0].instructionPointerReference;
    const { body } = await session.disassembleRequest({ memoryReference, instructionOffset: -200, instructionCount: 400 });
    assert.equal(body.instructions.length, 400);
    assert.equal(body.instructions[200].address, memoryReference);
    const addresses = body.instructions.map(({ address }) => BigInt(address));
    assert.ok(addresses.every((address, i) => i === 0 || addresses[i - 1] < address), 'ascending, without doubles');
    const valid = body.instructions.filter(({ presentationHint }) => presentationHint !== 'invalid');
    const begin = valid.findLastIndex(({ symbol }, i) => symbol !== undefined && BigInt(valid[i].address) <= BigInt(memoryReference));
    const next = valid.findIndex(({ symbol }, i) => i > begin && symbol !== undefined);
    const own = valid.slice(begin, next < 0 ? undefined : next);
    assert.equal(own[0].symbol, 'loop');
    assert.match(own[0].instruction, /^RESUME/);
    assert.match(own.at(-1).instruction, /^RETURN_VALUE/);
    assert.equal(own[0].location.path, lines.path);
    const marks = new Set(own.map(({ line }) => lines.mark(line)));
    assert.ok(['loop_before', 'loop_head', 'loop_body', 'loop_after'].every((mark) => marks.has(mark)), [...marks].join());
  });

  ours('over the boundaries of functions, both ways', async (session) => {
    await session.runTo(lines, ['loop_body']);
    const memoryReference = session.frames[0].instructionPointerReference;
    const ask = async (instructionOffset, instructionCount) =>
      (await session.disassembleRequest({ memoryReference, instructionOffset, instructionCount })).body.instructions;
    const all = await ask(-200, 400);
    const symbols = all.flatMap(({ symbol }) => (symbol === undefined ? [] : [symbol]));
    assert.ok(['inner', 'outer', 'loop'].every((name) => symbols.includes(name)), symbols.join());
    // Any window shows the same instructions, wherever it lies.
    const addresses = all.map(({ address }) => address);
    for (const [offset, count] of [[-200, 30], [-60, 20], [-5, 10], [1, 60], [40, 50], [150, 50]]) {
      const part = (await ask(offset, count)).map(({ address }) => address);
      const valid = part.filter((address) => all.find((other) => other.address === address)?.presentationHint === 'normal');
      const expected = addresses.slice(200 + offset, 200 + offset + count).filter((address) =>
        all.find((other) => other.address === address).presentationHint === 'normal');
      assert.deepEqual(valid, expected, `${count} from ${offset}`);
    }
  });

  ours('breakpoints on them', async (session) => {
    await session.runTo(lines, ['loop_before']);
    const memoryReference = session.frames[0].instructionPointerReference;
    const { body } = await session.disassembleRequest({ memoryReference, instructionCount: 12 });
    const wanted = body.instructions.find(({ instruction }) => instruction.startsWith('BINARY_OP'));
    const set = await session.customRequest('setInstructionBreakpoints', {
      breakpoints: [{ instructionReference: wanted.address, condition: 'i == 2' }],
    });
    assert.equal(set.body.breakpoints[0].verified, true);
    await session.go();
    await session.stopped('instruction breakpoint');
    assert.equal(session.frames[0].instructionPointerReference, wanted.address);
    assert.equal(await session.evaluate('i'), '2');
  });

  ours('the value stack', async (session) => {
    await session.runTo(lines, ['inner']);
    await session.step('next', 'instruction');
    const before = (await session.scope('Value stack')).variables;
    assert.ok(Object.values(before).length >= 1);
    assert.equal(before['[0]'].value, '3');
    assert.match(before['[0]'].type, /^int, \w+, pushed by LOAD_FAST\w* \(n\) at \d+$/);
  });

  ours('what they are, what guards them, and the block that they are in', async (session) => {
    const flow = new Program('flow.py');
    await session.runTo(flow, ['try']);
    const instruction = (await session.scope('Instruction')).variables;
    assert.match(instruction.documentation.value, /\w+/);
    assert.match(instruction['stack effect'].value, /^\(.*--.*\)$/);
    const entry = (await session.scope('Exception table entry')).variables;
    const offset = ({ value }) => Number(/^\d+/.exec(value)[0]);
    const here = Number(instruction.offset.value);
    assert.ok(offset(entry['guards from']) <= here && here < offset(entry['guards to']));
    assert.equal(entry['stack depth'].value, '0');
    const block = (await session.scope('Block')).variables;
    assert.ok(offset(block['begins at']) <= here && here < offset(block['ends before']));
    // What guards nothing says so.
    await session.breakpoints(['main_print']);
    await session.go();
    await session.stopped('breakpoint');
    assert.match((await session.scope('Exception table entry')).variables.handler.value, /^none/);
  });

  ours('the history of a branch', async (session) => {
    await session.runTo(branches, [['branch', { condition: 'i == 47' }]]);
    let instruction;
    do {
      await session.step('next', 'instruction');
      instruction = (await session.scope('Instruction')).variables;
    } while (!instruction.opcode.value.startsWith('POP_JUMP_IF'));
    // Of three in a row two skip the body; whether that is a jump is the compiler's choice.
    const [, bits, taken] = /^([01]{16}) \((\d+) of the last 16 jumped\)$/.exec(instruction['branch history'].value);
    assert.match(bits, /^(?:(?:[01]?[01]?)(?:110|001)+(?:[01]?[01]?))$/);
    assert.equal([...bits].filter((bit) => bit === '1').length, Number(taken));
    assert.ok(instruction['inline caches'], 'its caches are shown');
  });

  ours('specializations are named with what they specialize', async (session) => {
    await session.runTo(lines, [['loop_body', { hitCondition: '5' }]]);
    const seen = new Set();
    while (session.at === 'loop_body') {
      const { opcode, 'specialization of': base } = (await session.scope('Instruction')).variables;
      if (base) seen.add(`${opcode.value.split(' ')[0]} of ${base.value}`);
      await session.step('next', 'instruction');
    }
    assert.ok(seen.size === 0 || seen.has('BINARY_OP_ADD_INT of BINARY_OP'), [...seen].join());
  });
});
