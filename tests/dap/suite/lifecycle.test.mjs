import assert from 'node:assert/strict';
import path from 'node:path';
import { Program, foreign, ours, refused, scenario } from './support.mjs';

const output = new Program('output.py');
const endless = new Program('endless.py');
const programs = path.dirname(output.path);

describe('a session', () => {
  scenario('runs a program with its arguments, environment and directory', async (session) => {
    await session.prepare(output, { args: ['3', 'b c'], cwd: programs, env: { TAILSCOPE_TEST: 'yes' } });
    await session.configurationDoneRequest();
    assert.equal(await session.exited(), 3);
    assert.equal(session.output.stdout, `to stdout\nyes ['3', 'b c'] programs\n''\nunfinished`);
    assert.equal(session.output.stderr, 'to stderr\n');
  });

  scenario('stops on entry', async (session) => {
    await session.prepare(output, { stopOnEntry: true });
    await session.configurationDoneRequest();
    await session.stopped('entry');
    assert.equal(session.frames[0].line, 1);
    assert.equal(session.output.stdout, undefined);
    await session.go();
    assert.equal(await session.exited(), 0);
  });

  scenario('runs a module', async (session) => {
    const main = new Program('package/__main__.py');
    await session.prepare(undefined, { module: 'package', cwd: programs });
    session.program = main;
    await session.breakpoints(['module_main']);
    await session.configurationDoneRequest();
    await session.stopped('breakpoint');
    assert.equal(session.at, 'module_main');
    await session.go();
    assert.equal(await session.exited(), 0);
    assert.equal(session.output.stdout, '__main__ 42\n');
  });

  ours('runs source text', async (session) => {
    await session.prepare(undefined, { code: ['x = 20', 'print(x + 1)'], stopOnEntry: true });
    await session.configurationDoneRequest();
    await session.stopped('entry');
    const { source } = session.frames[0];
    const text = await session.sourceRequest({ source, sourceReference: source.sourceReference });
    assert.equal(text.body.content.trim(), 'x = 20\nprint(x + 1)');
    await session.step('next');
    assert.equal(await session.evaluate('x'), '20');
    await session.go();
    assert.equal(await session.exited(), 0);
    assert.equal(session.output.stdout, '21\n');
  });

  ours('runs without a debugger', async (session) => {
    await session.prepare(new Program('imports.py'), { noDebug: true, env: { PYTHONBREAKPOINT: '0' } });
    await session.configurationDoneRequest();
    assert.equal(await session.exited(), 0);
    assert.equal(session.output.stdout, `{'answer': 42} [3, 2, 1]\n`);
  });

  ours('says how a program crashed', async (session) => {
    await session.prepare(new Program('crash.py'));
    await session.configurationDoneRequest();
    assert.equal(await session.exited(), 134);
    assert.equal(session.output.stdout, 'about to crash\n');
    assert.match(session.output.important, /SIGABRT/);
  });

  ours('says what is wrong with a program', async (session) => {
    const broken = session.prepare(undefined, { code: 'def f(:\n' });
    await refused(broken, /SyntaxError|invalid syntax/);
  });

  ours('runs a program on the interpreter that is wanted', async (session) => {
    await session.prepare(undefined, { code: 'print(6 * 7)', interp: 'loop' });
    await session.configurationDoneRequest();
    assert.equal(await session.exited(), 0);
    assert.equal(session.output.stdout, '42\n');
  });

  ours('knows which interpreters there are', (session) =>
    refused(session.prepare(undefined, { code: '0', interp: 'fast' }), /fast.*tail.*loop/));

  scenario('pauses a loop, and goes on', async (session) => {
    await session.prepare(endless);
    await session.configurationDoneRequest();
    await session.written('stdout', 'running');
    const { body } = await session.threadsRequest();
    await session.pauseRequest({ threadId: body.threads[0].id });
    await session.stopped('pause');
    const before = Number(await session.evaluate('n'));
    await session.go();
    await session.pauseRequest({ threadId: body.threads[0].id });
    await session.stopped('pause');
    assert.ok(Number(await session.evaluate('n')) > before);
  });

  ours('pauses a sleep', async (session) => {
    await session.prepare(endless, { args: ['sleep'] });
    await session.configurationDoneRequest();
    await session.written('stdout', 'running');
    const { body } = await session.threadsRequest();
    await session.pauseRequest({ threadId: body.threads[0].id });
    await session.stopped('pause');
    assert.equal(session.at, 'sleep');
  });

  for (const what of foreign ? [] : ['loop', 'sleep']) {
    scenario(`terminates a ${what}, which cleans up`, async (session) => {
      await session.prepare(endless, { args: [what] });
      await session.configurationDoneRequest();
      await session.written('stdout', 'running');
      await session.terminateRequest();
      await session.exited();
      assert.equal(session.output.stdout, 'running\nfinally ran\natexit ran\n');
    });
  }

  scenario('ends with the program still running', async (session) => {
    await session.prepare(endless);
    await session.configurationDoneRequest();
    await session.written('stdout', 'running');
    await session.end();
  });
});
