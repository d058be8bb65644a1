// What the suites share: a client with memory, and programs with marked lines.
//
// A program is a Python file in ../programs. A comment `# @name` marks its line, so that a
// test says `program.line('name')` and survives edits.
//
// The adapter is `tailscope dap`: the binary that TAILSCOPE names, or the newest one in
// ../../target. TAILSCOPE_DAP_ADAPTER replaces the whole command, which is for comparing with
// another debugger of Python; suites and tests that only make sense here look at `foreign`.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import testsupport from '@vscode/debugadapter-testsupport';
import { mistakes, where } from './schema.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const PROGRAMS = path.join(HERE, '..', 'programs');
const TARGET = path.join(HERE, '..', '..', '..', 'target');
const TIMEOUT = 20_000;

/** The events that are kept. */
const EVENTS = ['stopped', 'continued', 'exited', 'terminated', 'thread', 'breakpoint', 'output', 'initialized', 'process',
  'module', 'loadedSource', 'invalidated', 'memory', 'progressStart', 'progressUpdate', 'progressEnd'];

export const foreign = process.env.TAILSCOPE_DAP_ADAPTER !== undefined;

if (where === undefined) console.log('SKIPPED: messages are not checked against the schema of the protocol: run ./schema.sh');

export function command() {
  if (foreign) return process.env.TAILSCOPE_DAP_ADAPTER.split(' ');
  const found = process.env.TAILSCOPE
    ? [process.env.TAILSCOPE]
    : ['release', 'debug'].map((profile) => path.join(TARGET, profile, 'tailscope')).filter(existsSync);
  if (found.length === 0) throw new Error('there is no tailscope to test: build it, or name it in TAILSCOPE');
  const newest = found.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  return [newest, 'dap'];
}

/** A Python file with marked lines. */
export class Program {
  constructor(name) {
    this.path = path.join(PROGRAMS, name);
    this.lines = readFileSync(this.path, 'utf8').split('\n');
  }

  /** The number of the line with the mark `# @name`. */
  line(name) {
    const found = this.lines.flatMap((text, i) => (new RegExp(`# @${name}\\b`).test(text) ? [i + 1] : []));
    assert.equal(found.length, 1, `${this.path} has ${found.length} lines marked @${name}`);
    return found[0];
  }

  /** The marks of a line, for messages that people understand. */
  mark(line) {
    return /# @(\w+)/.exec(this.lines[line - 1] ?? '')?.[1] ?? `line ${line}`;
  }
}

/** A debug session. Events are kept until somebody asks for them. */
export class Session extends testsupport.DebugClient {
  static async start() {
    const [runtime, ...rest] = command();
    const session = new Session(runtime, rest.join(' '), 'tailscope', { shell: foreign }, true);
    session.events = [];
    session.waiting = [];
    session.output = {};
    session.mistakes = [];
    for (const name of EVENTS) {
      session.on(name, (event) => session.arrived(event));
    }
    await session.start();
    return session;
  }

  /** Every message of the adapter comes through here. The test kit's client knows no requests of adapters. */
  dispatch(body) {
    const message = JSON.parse(body);
    const found = mistakes(message);
    if (found !== undefined) this.mistakes.push(found);
    if (message.type !== 'request') return super.dispatch(body);
    const answer = this.answerRequest?.(message) ?? { success: false, message: 'the client cannot do that' };
    const response = { seq: this.sequence++, type: 'response', request_seq: message.seq, command: message.command, ...answer };
    const json = JSON.stringify(response);
    this.outputStream.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    return undefined;
  }

  arrived(event) {
    if (event.event === 'output') {
      const category = event.body.category ?? 'console';
      this.output[category] = (this.output[category] ?? '') + event.body.output;
    }
    this.events.push(event);
    for (const check of [...this.waiting]) check();
  }

  /** Waits until `look` returns something, looking again after each event. */
  until(what, look) {
    return new Promise((resolve, reject) => {
      const check = () => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        this.waiting = this.waiting.filter((other) => other !== check);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((other) => other !== check);
        const seen = this.events.map((event) => event.event).join(', ');
        reject(new Error(`no ${what} within ${TIMEOUT} ms; unseen events: ${seen}; output: ${JSON.stringify(this.output)}`));
      }, TIMEOUT);
      this.waiting.push(check);
      check();
    });
  }

  /** The next event with this name. */
  event(name) {
    return this.until(`event ${name}`, () => {
      const index = this.events.findIndex((event) => event.event === name);
      return index < 0 ? undefined : this.events.splice(index, 1)[0];
    });
  }

  /** Waits for the program to have written this. */
  written(category, text) {
    return this.until(`${JSON.stringify(text)} on ${category}`, () =>
      (this.output[category] ?? '').includes(text) ? true : undefined);
  }

  /** Says what the client can do. */
  introduce(more = {}) {
    return this.initializeRequest({
      adapterID: 'tailscope', linesStartAt1: true, columnsStartAt1: true, pathFormat: 'path', supportsVariableType: true, ...more,
    });
  }

  /** Starts a program and leaves it where breakpoints can be set. */
  async prepare(program, options = {}, client = {}) {
    this.program = program;
    await this.introduce(client);
    const launched = this.launchRequest({
      type: 'tailscope', request: 'launch', name: 'test', ...(program ? { program: program.path } : {}),
      ...(foreign ? { console: 'internalConsole', python: [process.env.PYTHON314 ?? 'python3.14'] } : {}), ...options,
    });
    // Adapters may answer `launch` now or after `configurationDone`; a refusal comes now.
    await Promise.race([this.event('initialized'), launched.then(() => new Promise(() => {}))]);
    launched.catch(() => {});
  }

  /** Breakpoints on marks, or on `[mark, {condition, ...}]`. */
  async breakpoints(marks, program = this.program) {
    const breakpoints = marks.map((mark) => {
      const [name, more] = Array.isArray(mark) ? mark : [mark, {}];
      return { line: typeof name === 'number' ? name : program.line(name), ...more };
    });
    const response = await this.setBreakpointsRequest({ source: { path: program.path }, breakpoints });
    return response.body.breakpoints;
  }

  /** Runs a program to its first stop, at one of these marks; returns the frames. */
  async runTo(program, marks, options = {}, client = {}) {
    await this.prepare(program, options, client);
    await this.breakpoints(marks);
    await this.configurationDoneRequest();
    return this.stopped('breakpoint');
  }

  /** Waits for a stop for this reason; returns the frames. */
  async stopped(reason) {
    const { body } = await this.event('stopped');
    assert.equal(body.reason, reason, JSON.stringify(body));
    this.thread = body.threadId;
    this.why = body;
    this.frames = (await this.stackTraceRequest({ threadId: body.threadId })).body.stackFrames;
    return this.frames;
  }

  /** The mark of the line that the innermost frame is on. */
  get at() {
    return this.program?.mark(this.frames[0].line) ?? `line ${this.frames[0].line}`;
  }

  /** Steps, and returns the mark of the line that this leads to. */
  async step(command, granularity) {
    await this.send(command, { threadId: this.thread, ...(granularity ? { granularity } : {}) });
    await this.stopped('step');
    return this.at;
  }

  /** Ends the session before its scenario does. */
  async end() {
    await this.disconnectRequest();
    this.over = true;
  }

  go() {
    return this.continueRequest({ threadId: this.thread });
  }

  /** Waits for the program's end; returns its exit code. */
  async exited() {
    const { body } = await this.event('exited');
    await this.event('terminated');
    return body.exitCode;
  }

  /** The variables of a scope or of a value, by name. */
  async variables(reference, more = {}) {
    const { body } = await this.variablesRequest({ variablesReference: reference, ...more });
    return Object.fromEntries(body.variables.map((variable) => [variable.name, variable]));
  }

  /** The variables of a frame's scope. */
  async scope(name, frame = this.frames[0]) {
    const { body } = await this.scopesRequest({ frameId: frame.id });
    const scope = body.scopes.find((other) => other.name === name);
    assert.ok(scope, `there is no scope ${name} among ${body.scopes.map((other) => other.name).join(', ')}`);
    return { reference: scope.variablesReference, variables: await this.variables(scope.variablesReference) };
  }

  /** The text of an expression's value in the innermost frame. */
  async evaluate(expression, context = 'watch', frame = this.frames[0]) {
    const { body } = await this.evaluateRequest({ expression, context, frameId: frame?.id });
    return body.result;
  }
}

/** Defines a test with a session of its own, which is ended whatever happens. */
export function scenario(title, run) {
  it(title, async function () {
    const session = await Session.start();
    try {
      await run.call(this, session);
    } finally {
      if (!session.over) await session.stop();
    }
    if (!foreign) assert.deepEqual(session.mistakes, []);
  });
}

/** A test of what no other debugger of Python offers. */
export const ours = (title, run) => (foreign ? it(title) : scenario(title, run));

/** The values of variables, by name. */
export const values = (variables) =>
  Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, variable.value]));

/** Asserts that a request fails, with a sentence that matches. */
export async function refused(promise, pattern) {
  await assert.rejects(promise, (error) => {
    assert.match(error.message, pattern);
    return true;
  });
}
