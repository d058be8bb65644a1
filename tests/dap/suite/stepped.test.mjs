// Each program of ../stepped, stepped from its first to its last instruction: by instruction, as the instruction trace
// says, by line, as CPython's events say, and side by side with the other interpreter.

import assert from 'node:assert/strict';
import path from 'node:path';
import { foreign } from './support.mjs';
import { Walk, each, programs } from './walk.mjs';

/** All threads of all programs; the main one of each is 0. */
const threads = programs.flatMap((program) =>
  [0, ...program.threads.map((_, i) => i + 1)].map((thread) => ({ name: `${program.name}, thread ${thread}`, program, thread })));

/**
 * Which stops are looked at closely: every programs-th program's every stride-th. TAILSCOPE_STOPS=all takes 10,000 and
 * more; the default is a small sample of them.
 */
const stops = process.env.TAILSCOPE_STOPS === 'all' ? { programs: 1, stride: 3, every: true } : { programs: 12, stride: 8, every: false };

/** Asserts that two sequences are equal, and says where they part. */
function same(found, expected) {
  const at = found.findIndex((item, i) => item !== expected[i]);
  const parted = at < 0 && found.length < expected.length ? found.length : at;
  if (parted < 0) return;
  const around = (list) => list.slice(Math.max(0, parted - 4), parted + 3).join('\n    ') || 'nothing';
  assert.fail(`they part at ${parted} of ${expected.length}: found\n    ${around(found)}\n  expected\n    ${around(expected)}`);
}

describe('from the first to the last instruction', function () {
  this.timeout(300_000);

  before(function () {
    if (foreign) this.skip();
  });

  it('there are 100 programs and more', () => assert.ok(programs.length >= 100, `${programs.length}`));

  it('a step by instruction goes where the instruction trace goes', async () => {
    const word = ({ file, name, line, offset }) => `${file} ${name} line ${line} at ${offset}`;
    let count = 0;
    const errors = await each(threads, async ({ program, thread }) => {
      const records = program.trace()[thread];
      // The first stop is behind the RESUME that begins the code. An EXTENDED_ARG and the instruction that it is a part of
      // are one step, at the address of the former.
      const expected = records.slice(1 + records.findIndex(({ opcode }) => opcode.startsWith('RESUME')))
        .filter((_, i, all) => all[i - 1]?.opcode !== 'EXTENDED_ARG')
        .map((r) => word({ file: path.basename(r.file), name: r.function, line: r.line ?? 0, offset: r.offset }));
      const walk = await Walk.start(program, { thread });
      const [places, names] = [[], new Map()];
      try {
        do {
          const place = await walk.place();
          places.push(place);
          const known = names.get(place.code) ?? { name: place.name };
          if (place.file !== undefined) known.file ??= path.basename(place.file);
          names.set(place.code, known);
          assert.equal(place.name, known.name, 'a code object has one name');
        } while (await walk.step('instruction'));
        count += places.length;
        assert.deepEqual(walk.session.mistakes, []);
        assert.equal(walk.session.output.stdout ?? '', program.golden.output);
        assert.equal(walk.status, program.golden.status);
      } finally {
        await walk.end();
      }
      // Where there is no line, there is no file.
      const found = places.map((place) => word({ ...place, file: names.get(place.code).file }));
      // How an exception that nobody caught is shown is not stepped through.
      if (program.golden.status === 1) expected.splice(found.length);
      same(found, expected);
    });
    if (errors.length > 0) assert.fail(errors.join('\n'));
    console.log(`      ${count} stops`);
  });

  it('a step by line goes where the LINE events of CPython go', async () => {
    const errors = await each(threads, async ({ program, thread }) => {
      const walk = await Walk.start(program, { thread, justMyCode: true });
      const expected = events(program.golden.lines[thread], program.golden.names[thread]);
      const found = [];
      try {
        const lines = new Lines();
        do {
          const place = await walk.place();
          if (!lines.begins(place, await walk.codes(place))) continue;
          // Looking at the variables of each stop takes its time.
          const { names } = expected[found.length] ?? {};
          if (names !== undefined && (stops.every || found.length % 5 === 0)) {
            assert.deepEqual(await walk.names(place.id), names, `variables of ${place.name} at line ${place.line}`);
          }
          found.push(`${place.name.replaceAll(' ', '_')} ${place.line}`);
        } while (await walk.step('line'));
      } finally {
        await walk.end();
      }
      same(found, expected.map(({ where }) => where));
    });
    if (errors.length > 0) assert.fail(errors.join('\n'));
  });

  it('variables and value stack are those of the other interpreter at the same clock', async () => {
    const counts = { stops: 0, frames: 0, depths: 0 };
    const chosen = threads.filter((_, i) => i % stops.programs === 0);
    const errors = await each(chosen, async ({ program, thread }) => {
      const pair = [];
      try {
        for (const interp of ['tail', 'loop']) pair.push(await Walk.start(program, { thread, interp }));
        for (let n = 0, going = true; going; n++) {
          if (n % stops.stride === 0) await alike(pair, counts);
          const goes = await Promise.all(pair.map((walk) => walk.step('instruction')));
          assert.equal(goes[0], goes[1], 'both end at the same instruction');
          [going] = goes;
        }
      } finally {
        for (const walk of pair) await walk.end();
      }
    });
    if (errors.length > 0) assert.fail(errors.join('\n'));
    console.log(`      ${counts.frames} frames at ${counts.stops} stops, ${counts.depths} value stacks as deep as CPython says`);
  });
});

/** Asserts that two walks stand at the same place with the same values, and that no slot of the value stack is missing. */
async function alike(pair, counts) {
  const [one, other] = await Promise.all(pair.map((walk) => walk.holdings()));
  assert.deepEqual(one, other);
  counts.stops += 1;
  counts.frames += one.length;
  const place = await pair[0].place();
  const depths = (await pair[0].codes(place)).map((code) => code.depths[place.offset / 2]);
  if (depths.length === 0) return;
  counts.depths += 1;
  assert.ok(depths.includes(one[0].stack.length.toString(36)), `${one[0].at}: ${one[0].stack.length} slots, but CPython has ${depths.join(' or ')}`);
}

/** The events of a thread, from the golden file's words: where, and the names of variables in functions. */
function events(words, names) {
  const found = [];
  let name;
  for (const word of words.split(' ')) {
    if (/^\d+$/.test(word)) found.push({ where: `${name} ${word}` });
    else name = word;
  }
  let last = '-';
  names.split(';').forEach((text, i) => {
    if (text !== '=') last = text;
    if (last !== '-') found[i].names = last.split(',').filter(Boolean);
  });
  return found;
}

/**
 * Tells the stops that begin a line from those in the middle of one, of which CPython has no events:
 *
 * - after a return (or yield) to a frame that goes on with its line: what is left of it can be stepped into;
 * - where a generator or coroutine goes on with the line of its `yield` or `await`.
 */
class Lines {
  constructor() {
    this.frames = [];
  }

  begins({ depth, code, line, offset }, candidates) {
    const before = this.frames[depth];
    const returned = this.frames.length > depth + 1 && before?.code === code && before.line === line;
    const resumed = candidates.some(({ resumed }) => resumed.includes(offset));
    this.frames.length = depth;
    this.frames[depth] = { code, line };
    return !returned && !resumed;
  }
}
