#!/usr/bin/env node
// Feeds the adapter with messages that are wrong in every way, in every state of a session, with real programs.
//
//     node fuzz/fuzz.mjs [--messages 1000000] [--seed N] [--session K]
//
// Each session has its own seed, made of the run's and its number: `--session` runs one alone. Of a session that goes wrong
// the last messages are written into a file, whose name is printed.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Messages, broken, framed } from './messages.mjs';
import { commandLine, kill, look, memory, pause, survivors } from './processes.mjs';
import { ASLEEP, BUSY, LOUD, SHORT, STUBBORN } from './programs.mjs';
import { Random } from './random.mjs';
import { Wire, listen, start } from './wire.mjs';

/** How long the adapter may take to answer what needs no program. */
const ANSWER_TIME = 30_000;
/** How long it may take to answer anything: the start of a program may take 30 s, code of the debugger's 10. */
const OWED_TIME = 60_000;
const END_TIME = 15_000;
/** Memory that an adapter may gain between the second and the last tenth of a long session. */
const GAIN = 24 << 20;

const RESUMING = ['continue', 'next', 'stepIn', 'stepOut', 'restart', 'launch'];

const PROGRAMS = { busy: BUSY, asleep: ASLEEP, loud: LOUD, short: SHORT, stubborn: STUBBORN };

/** How a session begins. */
const BEGINNINGS = [
  [1, []],
  [1, ['initialize']],
  [1, ['initialize', 'launch']],
  [4, ['initialize', 'launch entry', 'configurationDone']],
  [3, ['initialize', 'launch', 'configurationDone']],
];

class Session {
  constructor(run, number, length, isLong) {
    Object.assign(this, { run, number, length, isLong });
    this.random = new Random((run.seed * 1_000_003 + number) >>> 0);
    this.program = this.random.weighted([[6, 'busy'], [1, 'asleep'], [0.5, 'loud'], [0.7, 'short'], [0.5, 'stubborn']]);
    this.messages = new Messages(this.random, run.files[this.program]);
    this.recent = [];
    this.sent = 0;
    this.sizes = [];
  }

  async open() {
    // A listening adapter ends a session at the first message that is none.
    this.overNet = !this.isLong && this.random.chance(0.15);
    if (this.overNet) {
      this.wire = await Wire.to(this.run.server.port);
    } else {
      this.child = start();
      this.wire = Wire.over(this.child);
    }
    this.wire.handlers.push((message) => this.heard(message));
  }

  heard(message) {
    if (message.type === 'response') this.messages.learn(message);
    if (message.type === 'response' && message.success) {
      const { done } = this.run;
      done.set(message.command, (done.get(message.command) ?? 0) + 1);
    }
    if (message.event === 'stopped') {
      this.messages.forget();
      this.stopped = message.body.threadId;
    }
    if (message.type === 'response' && message.success && RESUMING.includes(message.command)) this.stopped = undefined;
    if (message.event === 'terminated') this.over = true;
    if (message.type === 'request') {
      const r = this.random;
      const answer = { seq: 1e6 + message.seq, type: 'response', request_seq: message.seq, command: message.command, success: r.chance(0.2), message: 'no terminal' };
      if (r.chance(0.3)) this.messages.mutate(answer);
      this.wire.write(framed(JSON.stringify(answer)));
    }
  }

  /** A message as it is sent, counted among those that are to be answered. */
  encoded(message) {
    this.wire.expect(message);
    this.look(message);
    return framed(JSON.stringify(message));
  }

  /** Notes whether a message may let the program go. */
  look(message) {
    if (message.command === 'disconnect' && message.arguments?.terminateDebuggee !== true) this.wire.letGo = true;
  }

  piece(calm) {
    const r = this.random;
    this.sent += 1;
    const message = this.messages.any(calm);
    // A long session is not to be over soon.
    if (this.isLong && ['terminate', 'disconnect'].includes(message.command)) message.command = 'threads';
    if (r.chance(this.overNet ? 0.001 : 0.08)) {
      // What is wrong with it may not be wrong enough.
      this.look(message);
      return broken(r, JSON.stringify(message));
    }
    if (r.chance(0.45)) for (let n = 1 + r.below(3); n > 0; n--) this.messages.mutate(message);
    const bytes = this.encoded(message);
    if (!r.chance(0.02)) return bytes;
    this.sent += 1;
    this.wire.expect(message);
    return Buffer.concat([bytes, bytes]);
  }

  remember(bytes) {
    this.recent.push(bytes.subarray(0, 4000).toString('latin1'));
    if (this.recent.length > 400) this.recent.shift();
  }

  async begin() {
    const options = (word) => ({ program: this.run.files[this.program], stopOnEntry: word.endsWith('entry'), justMyCode: false });
    for (const word of this.random.weighted(BEGINNINGS)) {
      const [name] = word.split(' ');
      const args = name === 'launch' ? options(word) : this.messages.arguments(name);
      const bytes = this.encoded(this.messages.request(name, args));
      this.remember(bytes);
      await this.wire.write(bytes);
      if (name === 'launch') await pause(this.random.below(150));
    }
  }

  async ask(command, args) {
    const { seq } = this.messages.request(command, args);
    const bytes = this.encoded({ seq, type: 'request', command, arguments: args });
    this.remember(bytes);
    this.sent += 1;
    await this.wire.write(bytes);
    return this.wire.until(() => !this.wire.owed.has(seq), 300);
  }

  /** Has the program stand still, if it can, and looks around. */
  async stand() {
    if (this.over && this.isLong) this.over = !(await this.ask('restart', {}));
    if (this.over) return false;
    if (this.stopped === undefined) {
      await this.ask('pause', { threadId: 1 });
      if (!(await this.wire.until(() => this.stopped !== undefined, 300))) return false;
    }
    const { known } = this.messages;
    if (known.frame.length === 0) await this.ask('stackTrace', { threadId: this.stopped });
    for (const frameId of known.frame.slice(0, 2)) await this.ask('scopes', { frameId });
    for (const variablesReference of known.variables.slice(0, 4)) await this.ask('variables', { variablesReference });
    return true;
  }

  /** Sends some messages, and waits for the adapter to have read them. */
  async batch(size) {
    const calm = this.random.chance(0.75) && (await this.stand());
    const pieces = Array.from({ length: size }, () => this.piece(calm));
    for (const bytes of pieces) this.remember(bytes);
    const beacon = this.messages.request('makeCoffee');
    pieces.push(this.encoded(beacon));
    this.sent += 1;
    const bytes = Buffer.concat(pieces);
    if (this.random.chance(0.05)) {
      for (let at = 0; at < bytes.length; ) {
        const to = at + 1 + this.random.below(4000);
        await this.wire.write(bytes.subarray(at, to));
        at = to;
        if (this.random.chance(0.1)) await pause(1);
      }
    } else {
      await this.wire.write(bytes);
    }
    const answered = await this.wire.until(() => !this.wire.owed.has(beacon.seq), ANSWER_TIME);
    if (!answered && !this.wire.isClosed) this.wire.fault(`the adapter does not answer within ${ANSWER_TIME} ms`);
    if (this.child) this.sizes.push([this.sent, memory(this.child.pid)]);
    const late = [...this.wire.owed].find(([, debt]) => Date.now() - debt.since > OWED_TIME);
    if (late) {
      const others = [...this.wire.owed].filter(([seq]) => seq !== late[0]).map(([seq, { name, since }]) => `${seq} ${name} for ${Date.now() - since} ms`);
      const programs = this.wire.left().map((pid) => `${pid} in state ${look(pid)?.state}`);
      this.wire.fault(`no answer to request ${late[0]}, ${late[1].name}; nor to ${others.slice(0, 10).join()}; programs: ${programs}; over: ${this.over}, stopped: ${this.stopped}`);
    }
    if (this.random.chance(0.2)) await pause(this.random.below(8));
  }

  /** The end of a session: in good order, or the client vanishes, in the middle of a message perhaps. */
  async end() {
    const { wire, random } = this;
    const how = random.weighted([[3, 'disconnect'], [2, 'close'], [1, 'cut'], [1, 'destroy']]);
    const owed = [...wire.owed.values()].filter(({ name }) => !['launch', 'restart', 'attach'].includes(name));
    if (how === 'disconnect' && owed.length > 0) await wire.until(() => wire.owed.size === 0, 12_000);
    if (how === 'disconnect') await wire.write(this.encoded(this.messages.request('disconnect', { terminateDebuggee: true })));
    if (how === 'cut') await wire.write(this.encoded(this.messages.any()).subarray(0, 1 + random.below(60)));
    if (how === 'destroy') wire.output.destroy();
    else if (how !== 'disconnect') wire.output.end();
    if (how === 'destroy') this.child?.stdout.destroy();
    const ended = this.child?.ended ?? wire.closed;
    const result = await Promise.race([ended.then((status) => status ?? {}), pause(END_TIME)]);
    if (result === undefined) wire.fault(`the session does not end within ${END_TIME} ms of ${how}`);
    if (this.child && result && result.code !== 0) wire.fault(`the adapter exited with ${JSON.stringify(result)} after ${how}`);
    this.child?.kill('SIGKILL');
    if (wire.output.destroy) wire.output.destroy();
    this.how = how;
  }

  async afterwards() {
    const { wire } = this;
    const left = await survivors([...wire.debuggees], wire.letGo ? 300 : 10_000);
    for (const { pid, command } of left) {
      if (!wire.letGo) wire.fault(`process ${pid} is left: ${command}`);
      if (commandLine(pid).includes('debuggee')) kill(pid, 'SIGKILL');
    }
    const said = this.child?.said ?? '';
    if (/panicked|overflow|RUST_BACKTRACE/.test(said)) wire.fault(`the adapter said: ${said}`);
  }

  /** Memory that the adapter has gained in a long session since its second tenth; `undefined` in others. Its lows count. */
  gain() {
    if (!this.isLong || this.sent < 5000) return undefined;
    const low = (from, to) => Math.min(...this.sizes.filter(([sent]) => sent >= from * this.sent && sent <= to * this.sent).map(([, size]) => size));
    return low(0.9, 1) - low(0.1, 0.2);
  }

  async play() {
    await this.open();
    try {
      await this.begin();
      // Not much can be done with a program that is over.
      let after = this.isLong ? 100 : 3;
      while (this.sent < this.length && !this.wire.isClosed && this.wire.faults.length === 0 && after > 0) {
        if (this.over) after -= 1;
        await this.batch(Math.min(80, this.length - this.sent));
      }
      if (this.gain() > GAIN) this.wire.fault(`the adapter has grown by ${this.gain()} bytes`);
    } finally {
      await this.end();
      await this.afterwards();
    }
  }
}

/** Fuzzes; returns what happened. */
export async function fuzz({ messages, seed, session: only, several = 2, log = () => {} }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tailscope-fuzz-'));
  const files = {};
  for (const [name, text] of Object.entries(PROGRAMS)) {
    files[name] = path.join(folder, `${name}.py`);
    writeFileSync(files[name], text);
  }
  const run = { seed, files, done: new Map(), server: await listen() };
  const total = { sessions: 0, sent: 0, received: 0, finds: [], ends: {}, done: run.done, gains: [], server: [], debuggees: 0 };
  let number = only ?? 0;
  const work = async () => {
    while (total.sent < messages) {
      const mine = number++;
      // A few sessions are long, for what grows with time.
      const isLong = mine % 30 === 7;
      const length = isLong ? Math.min(messages / 4, 40_000) : 200 + ((mine * 7919) % 3000);
      const session = new Session(run, mine, Math.min(length, messages - total.sent), isLong);
      await session.play().catch((error) => session.wire?.fault(error.stack) ?? total.finds.push(error.stack));
      total.sessions += 1;
      total.sent += session.sent;
      total.received += session.wire?.received ?? 0;
      total.debuggees += session.wire?.debuggees.size ?? 0;
      total.ends[session.how] = (total.ends[session.how] ?? 0) + 1;
      if (session.gain() !== undefined) total.gains.push([session.sent, session.gain()]);
      total.server.push(memory(run.server.child.pid));
      if (session.wire?.faults.length > 0) {
        const kept = path.join(os.tmpdir(), `tailscope-fuzz-${seed}-${mine}.json`);
        writeFileSync(kept, JSON.stringify(session.recent, undefined, 1));
        total.finds.push(`session ${mine} (${session.program}): ${session.wire.faults.join('\n  ')}\n  its last messages: ${kept}`);
        log(total.finds.at(-1));
      }
      if (total.sessions % 50 === 0) log(`${total.sessions} sessions, ${total.sent} messages sent, ${total.received} received, ${total.finds.length} finds`);
      if (only !== undefined) return;
    }
  };
  try {
    await Promise.all(Array.from({ length: only === undefined ? several : 1 }, work));
    const { child } = run.server;
    if (/panicked/.test(child.said)) total.finds.push(`the listening adapter said: ${child.said}`);
    if (child.exitCode !== null) total.finds.push(`the listening adapter has ended with status ${child.exitCode}`);
  } finally {
    run.server.child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
  return total;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { messages: { type: 'string', default: '20000' }, seed: { type: 'string' }, session: { type: 'string' } } });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const began = performance.now();
  const total = await fuzz({ messages: Number(values.messages), seed, session: values.session && Number(values.session), log: console.log });
  const megabytes = (bytes) => (bytes / (1 << 20)).toFixed(1);
  console.log(`${total.sent} messages in ${total.sessions} sessions with ${total.debuggees} programs, ${total.received} received, in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  const done = [...total.done.values()].reduce((sum, n) => sum + n, 0);
  console.log(`${done} requests of ${total.done.size} kinds did what they say`);
  console.log(`ends: ${JSON.stringify(total.ends)}`);
  console.log(`long sessions (messages, MB gained after the first fifth): ${total.gains.map(([sent, gain]) => `${sent}: ${megabytes(gain)}`).join(', ')}`);
  const quarters = [0, 0.25, 0.5, 0.75, 1].map((part) => total.server[Math.floor(part * (total.server.length - 1))] ?? 0);
  console.log(`the listening adapter, MB at each quarter of the run: ${quarters.map(megabytes).join(', ')}`);
  console.log(`${total.finds.length} finds`);
  process.exit(total.finds.length > 0 ? 1 : 0);
}
