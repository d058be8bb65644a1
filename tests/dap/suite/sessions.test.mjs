import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Program, Session, command, ours, refused } from './support.mjs';

const lines = new Program('lines.py');
const slow = new Program('slow.py');
const detached = new Program('detached.py');
const threads = new Program('threads.py');

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe('long work', () => {
  ours('can be cancelled', async (session) => {
    await session.runTo(slow, ['show']);
    const frameId = session.frames[0].id;
    const seq = session.sequence;
    const asked = session.evaluateRequest({ expression: 'forever()', context: 'repl', frameId });
    await sleep(100);
    await session.customRequest('cancel', { requestId: seq });
    await refused(asked, /cancelled/);
    assert.equal(await session.evaluate('number'), '255', 'the program is none the worse for it');
    await session.customRequest('cancel', { requestId: 99999 });
  });

  ours('is told of, and can be cancelled by that', async (session) => {
    await session.runTo(slow, ['show'], {}, { supportsProgressReporting: true });
    const asked = session.evaluateRequest({ expression: 'forever()', context: 'repl', frameId: session.frames[0].id });
    asked.catch(() => {});
    const { body } = await session.event('progressStart');
    assert.equal(body.cancellable, true);
    const { body: update } = await session.event('progressUpdate');
    assert.match(update.message, /seconds/);
    await session.customRequest('cancel', { progressId: body.progressId });
    await refused(asked, /cancelled/);
    assert.equal((await session.event('progressEnd')).body.progressId, body.progressId);
  });
});

describe('a restart', () => {
  ours('runs the program again, with its breakpoints', async (session) => {
    await session.runTo(lines, ['inner']);
    const first = session.events.find(({ event }) => event === 'process')?.body.systemProcessId;
    session.events = [];
    await session.customRequest('restart', {});
    await session.stopped('breakpoint');
    assert.equal(session.at, 'inner');
    const told = session.events.map(({ event }) => event);
    assert.ok(!told.includes('terminated') && !told.includes('initialized'), told.join());
    const second = session.events.find(({ event }) => event === 'process').body.systemProcessId;
    assert.notEqual(first, second);
    await session.breakpoints([]);
    await session.go();
    assert.equal(await session.exited(), 0);
  });

  ours('is not ended by what was to end the run before it', async (session) => {
    await session.prepare(new Program('endless.py'));
    await session.configurationDoneRequest();
    await session.written('stdout', 'running');
    await session.customRequest('restart', {});
    // A debuggee that has closed its link is given five seconds.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    await session.pauseRequest({ threadId: 1 });
    await session.stopped('pause');
  });

  ours('takes the new arguments', async (session) => {
    const output = new Program('output.py');
    await session.prepare(output, { args: ['0'], stopOnEntry: true });
    await session.configurationDoneRequest();
    await session.stopped('entry');
    await session.customRequest('restart', { arguments: { program: output.path, args: ['5'] } });
    assert.equal(await session.exited(), 5);
  });
});

describe('threads', () => {
  ours('can be ended', async (session) => {
    await session.runTo(threads, ['work_label']);
    await session.breakpoints([]);
    const { body } = await session.threadsRequest();
    const other = body.threads.find(({ id, name }) => name.startsWith('worker') && id !== session.thread);
    await session.customRequest('terminateThreads', { threadIds: [other.id] });
    await session.go();
    assert.equal(await session.exited(), 0);
    const letter = other.name.slice(-1);
    assert.doesNotMatch(session.output.stdout, new RegExp(`${letter}1`), 'it did not get to its second turn');
    await refused(session.customRequest('terminateThreads', { threadIds: [99] }), /no thread|has ended/);
  });
});

describe('steps', () => {
  ours('leave out what is not wanted', async (session) => {
    await session.runTo(new Program('calls.py'), ['nested'], { stepFilters: { skipFunctions: ['one'] } });
    await session.step('stepIn');
    assert.equal(session.at, 'two');
  });

  ours('leave out files that are not wanted', async (session) => {
    const options = { skipFiles: ['package/helper.py'], env: { PYTHONBREAKPOINT: '0' } };
    const imports = new Program('imports.py');
    await session.runTo(imports, ['library'], options);
    assert.equal(await session.step('stepIn'), 'sorted');
  });
});

describe('text', () => {
  ours('has colours for clients that show them', async (session) => {
    await session.prepare(new Program('crash.py'), {}, { supportsANSIStyling: true });
    await session.configurationDoneRequest();
    await session.exited();
    assert.match(session.output.important, /^\x1b\[31m.*SIGABRT.*\x1b\[0m\n$/);
  });
});

describe('a terminal', () => {
  ours('is asked of the client', async (session) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tailscope-'));
    let child;
    let output = '';
    session.answerRequest = (request) => {
      const { args, cwd, env } = request.arguments;
      child = spawn(args[0], args.slice(1), { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.on('data', (text) => { output += text; });
      return { success: true, body: { processId: child.pid } };
    };
    await session.prepare(new Program('output.py'), { console: 'integratedTerminal', args: ['3'], cwd: folder }, { supportsRunInTerminalRequest: true });
    await session.configurationDoneRequest();
    assert.equal(await session.exited(), 3);
    const status = await new Promise((resolve) => (child.exitCode === null ? child.on('exit', resolve) : resolve(child.exitCode)));
    assert.equal(status, 3);
    assert.match(output, /to stdout/);
    assert.equal(session.output.stdout, undefined, 'its output is in the terminal');
    rmSync(folder, { recursive: true });
  });

  ours('that the client cannot have is said', async (session) => {
    session.answerRequest = () => ({ success: false, message: 'no terminal here' });
    await session.introduce({ supportsRunInTerminalRequest: true });
    await refused(session.launchRequest({ program: lines.path, console: 'integratedTerminal' }), /no terminal here/);
  });
});

/** A program that listens for debuggers. */
class Listener {
  static async start(...options) {
    const listener = new Listener();
    listener.folder = mkdtempSync(path.join(tmpdir(), 'tailscope-'));
    const args = ['run', '--listen', '0', ...options, detached.path, listener.folder];
    listener.child = spawn(command()[0], args, { stdio: ['ignore', 'pipe', 'pipe'] });
    listener.output = '';
    listener.child.stdout.on('data', (text) => { listener.output += text; });
    listener.errors = '';
    await new Promise((resolve, reject) => {
      listener.child.stderr.on('data', (text) => {
        listener.errors += text;
        const found = /on (\S+):(\d+), token (\w+)/.exec(listener.errors);
        if (found) {
          [, listener.host, listener.port, listener.token] = [found[0], found[1], Number(found[2]), found[3]];
          resolve();
        }
      });
      listener.child.on('exit', () => reject(new Error(`it ended: ${listener.errors}`)));
    });
    return listener;
  }

  get steps() {
    const file = path.join(this.folder, 'alive');
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  }

  /** Whether it goes on by itself. */
  async runs() {
    const before = this.steps;
    for (let n = 0; n < 100; n++) {
      await sleep(20);
      if (this.steps > before + 1) return true;
    }
    return false;
  }

  /** Lets it end by itself, and cleans up. */
  async end() {
    writeFileSync(path.join(this.folder, 'end'), '');
    const exited = new Promise((resolve) => (this.child.exitCode === null && this.child.signalCode === null ? this.child.on('exit', resolve) : resolve(this.child.exitCode)));
    const late = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    const status = await exited;
    clearTimeout(late);
    rmSync(this.folder, { recursive: true });
    return status;
  }
}

async function attach(session, listener, more = {}) {
  session.program = detached;
  await session.introduce();
  const attached = session.attachRequest({ port: listener.port, token: listener.token, ...more });
  await Promise.race([session.event('initialized'), attached.then(() => new Promise(() => {}))]);
  await attached;
}

describe('attaching', () => {
  ours('to a running program, again and again', async (session) => {
    const listener = await Listener.start();
    try {
      assert.equal(listener.host, '127.0.0.1');
      await attach(session, listener);
      assert.equal(session.events.find(({ event }) => event === 'process').body.startMethod, 'attach');
      await session.breakpoints(['step']);
      await session.configurationDoneRequest();
      await session.stopped('breakpoint');
      assert.equal(session.at, 'step');
      assert.ok(Number(await session.evaluate('n')) >= 0);
      await session.end();
      assert.ok(await listener.runs(), 'it runs on without its debugger');
      const second = await Session.start();
      await attach(second, listener);
      await second.configurationDoneRequest();
      const { body } = await second.threadsRequest();
      await second.pauseRequest({ threadId: body.threads[0].id });
      await second.stopped('pause');
      const third = await Session.start();
      await third.introduce();
      await refused(third.attachRequest({ port: listener.port, token: listener.token }), /another debugger is attached/);
      await third.stop();
      // A client that vanishes leaves the program running, too.
      await second.stop();
      assert.ok(await listener.runs());
    } finally {
      assert.equal(await listener.end(), 7);
    }
  });

  ours('to one that waits', async (session) => {
    const listener = await Listener.start('--wait-for-client');
    try {
      await sleep(200);
      assert.equal(listener.steps, 0);
      await attach(session, listener);
      await session.breakpoints(['loop']);
      await session.configurationDoneRequest();
      await session.stopped('breakpoint');
      assert.equal(await session.evaluate('n'), '0');
      await session.breakpoints([]);
      await session.go();
      writeFileSync(path.join(listener.folder, 'end'), '');
      assert.equal(await session.exited(), 7, 'the program says how it ends');
    } finally {
      assert.equal(await listener.end(), 7);
    }
  });

  ours('leaving it suspended for the next', async (session) => {
    const listener = await Listener.start();
    try {
      await attach(session, listener);
      await session.breakpoints(['step']);
      await session.configurationDoneRequest();
      await session.stopped('breakpoint');
      await session.disconnectRequest({ suspendDebuggee: true });
      session.over = true;
      assert.equal(await listener.runs(), false);
      const second = await Session.start();
      await attach(second, listener);
      await second.configurationDoneRequest();
      await second.stopped('breakpoint');
      assert.equal(second.at, 'step');
      await second.disconnectRequest({ terminateDebuggee: true });
      const status = await new Promise((resolve) => (listener.child.exitCode === null ? listener.child.on('exit', resolve) : resolve(listener.child.exitCode)));
      assert.equal(status, 0, 'ended as by SystemExit');
    } finally {
      await listener.end();
    }
  });

  ours('needs the token', async (session) => {
    const listener = await Listener.start();
    try {
      await session.introduce();
      await refused(session.attachRequest({ port: listener.port, token: 'guess' }), /token is not the one/);
      await session.end();
      const second = await Session.start();
      await second.introduce();
      await refused(second.attachRequest({ port: listener.port }), /--listen/);
      await second.stop();
      assert.ok(await listener.runs());
    } finally {
      assert.equal(await listener.end(), 7);
    }
  });

  ours('warns of addresses that others can reach', async () => {
    const child = spawn(command()[0], ['run', '--listen', '0.0.0.0:0', '-c', 'pass'], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text) => { errors += text; });
    await new Promise((resolve) => child.on('close', resolve));
    assert.match(errors, /warning: 0\.0\.0\.0 can be reached from other machines/);
  });
});

describe('leaving', () => {
  ours('a launched program running', async (session) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tailscope-'));
    await session.prepare(detached, { args: [folder] });
    await session.configurationDoneRequest();
    const alive = () => (existsSync(path.join(folder, 'alive')) ? Number(readFileSync(path.join(folder, 'alive'), 'utf8')) : 0);
    for (let n = 0; n < 200 && alive() === 0; n++) await sleep(20);
    const { systemProcessId } = session.events.find(({ event }) => event === 'process').body;
    await session.disconnectRequest({ terminateDebuggee: false });
    session.over = true;
    const before = alive();
    for (let n = 0; n < 100 && alive() < before + 2; n++) await sleep(20);
    assert.ok(alive() >= before + 2, 'it runs on');
    writeFileSync(path.join(folder, 'end'), '');
    const gone = () => { try { process.kill(systemProcessId, 0); return false; } catch { return true; } };
    for (let n = 0; n < 200 && !gone(); n++) await sleep(20);
    assert.ok(gone(), 'it has ended by itself');
    rmSync(folder, { recursive: true });
  });
});
