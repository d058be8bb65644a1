// Programs that are stepped from their first to their last instruction: those of ../stepped, with what CPython says of
// them (../stepped.py writes that).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Session, command } from './support.mjs';

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'stepped');

/** A program, and its golden data. */
export class Stepped {
  constructor(name) {
    this.name = name;
    this.path = path.join(FOLDER, `${name}.py`);
    this.golden = JSON.parse(readFileSync(path.join(FOLDER, 'golden', `${name}.json`), 'utf8'));
    /** The functions that its threads run, in the order of their beginning. */
    this.threads = /^# threads: (.*)$/m.exec(readFileSync(this.path, 'utf8'))?.[1].split(' ') ?? [];
  }

  /** The function breakpoint that stops a thread (the main one is 0) in its function. */
  breakpoint(thread) {
    const name = this.threads[thread - 1];
    const before = this.threads.slice(0, thread).filter((other) => other === name).length;
    return { name, hitCondition: `== ${before}` };
  }

  /** What it executes: the records of the instruction trace, by thread. */
  trace() {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tailscope-stepped-'));
    try {
      const file = path.join(folder, 'trace');
      const [exe] = command();
      try {
        execFileSync(exe, ['trace', '-o', file, this.path], { stdio: 'ignore' });
      } catch (error) {
        if (error.status !== this.golden.status) throw error;
      }
      const shown = execFileSync(exe, ['trace', 'show', '--json', '--to', '20000', file], { encoding: 'utf8', maxBuffer: 1 << 28 });
      const threads = [];
      for (const line of shown.trimEnd().split('\n')) {
        const record = JSON.parse(line);
        (threads[record.thread] ??= []).push(record);
      }
      return threads;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

export const programs = readdirSync(FOLDER).filter((name) => name.endsWith('.py')).map((name) => new Stepped(name.slice(0, -3)));

/** Calls `use` for each item, several at once; returns the errors, each with its item's name. */
export async function each(items, use, several = 3) {
  const [queue, errors] = [[...items], []];
  const work = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      await use(item).catch((error) => errors.push(`${item.name}: ${error.stack}`));
    }
  };
  await Promise.all(Array.from({ length: several }, work));
  return errors;
}

/** A program in a debugger, which goes on step by step. */
export class Walk {
  /** Starts a program, and stops it in a thread: at the beginning of the main one (0), or in another one's function. */
  static async start(program, { thread = 0, ...options } = {}) {
    const walk = new Walk();
    walk.session = await Session.start();
    walk.program = program;
    try {
      await walk.session.prepare(program, { stopOnEntry: thread === 0, justMyCode: false, ...options });
      if (thread > 0) await walk.session.setFunctionBreakpointsRequest({ breakpoints: [program.breakpoint(thread)] });
      await walk.session.setExceptionBreakpointsRequest({ filters: [] });
      await walk.session.configurationDoneRequest();
      await walk.arrive();
      if (thread > 0) await walk.session.setFunctionBreakpointsRequest({ breakpoints: [] });
    } catch (error) {
      await walk.end();
      throw error;
    }
    return walk;
  }

  /** Waits for a stop or the program's end; whether it was a stop. */
  async arrive() {
    const { session } = this;
    const found = await session.until('stop or end', () => session.events.find(({ event }) => event === 'stopped' || event === 'exited'));
    session.events.length = 0;
    this.stop = found.event === 'stopped' ? found.body : undefined;
    if (this.stop === undefined) this.status = found.body.exitCode;
    return this.stop !== undefined;
  }

  /** Makes a step; whether there was another stop. A step of a thread that ends is the last one. */
  async step(granularity) {
    const { threadId } = this.stop;
    await this.session.send('stepIn', { threadId, granularity });
    return await this.arrive();
  }

  /** Where the program stands: name, line, file, code object, offset and how many frames there are. */
  async place() {
    const { body } = await this.session.stackTraceRequest({ threadId: this.stop.threadId, levels: 1 });
    const [frame] = body.stackFrames;
    const address = BigInt(frame.instructionPointerReference);
    return {
      id: frame.id,
      name: frame.name,
      line: frame.line,
      file: frame.source?.path ?? frame.source?.name,
      code: Number(address >> 32n),
      offset: Number(address & 0xffffffffn),
      depth: body.totalFrames,
    };
  }

  /** Golden data of code objects that one may be. */
  async codes(place) {
    this.known ??= new Map();
    let found = this.known.get(place.code);
    if (found === undefined) {
      const memoryReference = `0x${(BigInt(place.code) << 32n).toString(16)}`;
      const { body } = await this.session.disassembleRequest({ memoryReference, instructionCount: 8 });
      const begins = body.instructions.find(({ line }) => line !== undefined)?.line;
      found = this.program.golden.codes[`${place.name}:${begins}`] ?? [];
      this.known.set(place.code, found);
    }
    return found;
  }

  /** Names of the variables of a frame. */
  async names(frameId) {
    const { body } = await this.session.scopesRequest({ frameId });
    const { variablesReference } = body.scopes.find(({ name }) => name === 'Locals');
    const variables = (await this.session.variablesRequest({ variablesReference })).body.variables;
    return variables.map(({ name }) => name).sort();
  }

  /** What the frames hold, from the innermost: where they are, their variables and value stacks, without addresses. */
  async holdings() {
    const { session } = this;
    const { stackFrames } = (await session.stackTraceRequest({ threadId: this.stop.threadId, levels: 6 })).body;
    const plain = (text) => text?.replaceAll(/0x[0-9a-f]+/g, '0x');
    const held = [];
    for (const frame of stackFrames) {
      const { scopes } = (await session.scopesRequest({ frameId: frame.id })).body;
      const of = async (scope) => {
        const { variablesReference } = scopes.find(({ name }) => name === scope);
        const { variables } = (await session.variablesRequest({ variablesReference })).body;
        return variables.map(({ name, type, value }) => `${name}: ${plain(type)} = ${plain(value)}`);
      };
      const offset = Number(BigInt(frame.instructionPointerReference) & 0xffffffffn);
      held.push({ at: `${frame.name} line ${frame.line} at ${offset}`, locals: await of('Locals'), stack: await of('Value stack') });
    }
    return held;
  }

  async end() {
    if (!this.session.over) await this.session.stop();
  }
}
