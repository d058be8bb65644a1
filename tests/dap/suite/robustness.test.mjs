import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Program, command, ours, refused } from './support.mjs';
import { mistakes, where } from './schema.mjs';

const lines = new Program('lines.py');

describe('nonsense', () => {
  ours('a request that nobody knows is refused, and the session goes on', async (session) => {
    await session.runTo(lines, ['inner']);
    await refused(session.send('makeCoffee', { sugar: 2 }), /makeCoffee.* not supported/);
    await refused(session.send('stackTrace', { threadId: 'one' }), /arguments of `stackTrace`/);
    assert.equal(session.at, 'inner');
    await session.breakpoints([]);
    await session.go();
    assert.equal(await session.exited(), 0);
  });

  for (const [what, noise] of Object.entries({
    'no JSON': 'Content-Length: 12\r\n\r\n{not json!!}',
    'no object': 'Content-Length: 2\r\n\r\n[]',
    'no length': 'Content-Length: many\r\n\r\n',
    'no header': 'hello\r\n\r\n',
  })) {
    ours(`a message with ${what} is reported, and the session goes on`, async (session) => {
      await session.runTo(lines, ['inner']);
      session.outputStream.write(noise);
      const said = await session.event('output');
      assert.match(said.body.output, /\w/);
      assert.equal(await session.evaluate('1 + 1'), '2');
    });
  }

  it('a wrong message is found by the schema', function () {
    if (where === undefined) this.skip();
    const exited = (body) => mistakes({ seq: 1, type: 'event', event: 'exited', body });
    assert.equal(exited({ exitCode: 0 }), undefined);
    assert.match(exited({ exitcode: 0 }), /exitCode/);
    assert.match(exited({ exitCode: 0, more: 1 }), /additional properties/);
    assert.match(mistakes({ seq: 1, type: 'event', event: 'unheardOf' }), /no UnheardOfEvent/);
  });
});

describe('a program that cannot be run', () => {
  const compiled = (folder) => {
    const source = path.join(folder, 'good.py');
    writeFileSync(source, 'print("compiled")\n');
    execFileSync(command()[0], ['compile', source, '-o', `${source}c`]);
    return readFileSync(`${source}c`);
  };
  const cases = {
    'wrong.py': ['x = 1\nif x\n    pass\n', /SyntaxError: expected ':'/],
    'zeros.py': [Buffer.alloc(64), /null bytes/],
    'cut.pyc': [(folder) => compiled(folder).subarray(0, 60), /cut\.pyc/],
    'header.pyc': [(folder) => compiled(folder).subarray(0, 10), /header\.pyc/],
    'foreign.pyc': [(folder) => Buffer.concat([Buffer.from([0x55]), compiled(folder).subarray(1)]), /foreign\.pyc/],
    'empty.pyc': ['', /empty\.pyc/],
  };
  for (const [name, [contents, said]] of Object.entries(cases)) {
    ours(`${name} is refused`, async (session) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'tailscope-dap-'));
      try {
        const program = { path: path.join(folder, name) };
        writeFileSync(program.path, typeof contents === 'function' ? contents(folder) : contents);
        await refused(session.prepare(program), said);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }

  ours('one that is not there is refused', (session) =>
    refused(session.prepare({ path: '/no/such/program.py' }), /\/no\/such\/program\.py/));
});
