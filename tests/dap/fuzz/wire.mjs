// A client that sends whatever it is told to, and holds the adapter to its word: every message fits the schema, and every
// request is answered as often as it was sent.

import { spawn } from 'node:child_process';
import net from 'node:net';
import { command } from '../suite/support.mjs';
import { mistakes } from '../suite/schema.mjs';
import { isLeft } from './processes.mjs';

/** Starts an adapter. What it says on its error stream is kept. */
export function start(args = []) {
  const [exe, ...rest] = command();
  const child = spawn(exe, [...rest, ...args], { stdio: 'pipe' });
  child.said = '';
  child.stderr.on('data', (data) => (child.said = (child.said + data).slice(-5000)));
  child.stdin.on('error', () => {});
  child.ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
  return child;
}

/** Starts an adapter that listens; resolves to it and its port. */
export async function listen() {
  const child = start(['--listen', '127.0.0.1:0']);
  const line = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
  return { child, port: Number(/:(\d+)\s*$/.exec(line)[1]) };
}

/** Levels of nesting that the adapter's reader of JSON takes. */
const LEVELS = 120;

/** Whether a message is JSON for everybody: without halves of surrogate pairs, and not too deep. */
function isReadable(value, levels = LEVELS) {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.entries(value).every(([key, item]) => key.isWellFormed() && isReadable(item, levels - 1));
}

export class Wire {
  /** Over the standard streams of an adapter. */
  static over(child) {
    return new Wire(child.stdout, child.stdin);
  }

  /** Over a connection to one that listens. */
  static async to(port) {
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return new Wire(socket, socket);
  }

  constructor(input, output) {
    this.output = output;
    this.rest = Buffer.alloc(0);
    this.owed = new Map();
    this.received = 0;
    this.faults = [];
    this.debuggees = new Set();
    this.letGo = false;
    this.waiting = [];
    this.handlers = [];
    input.on('data', (data) => this.read(data));
    input.on('error', () => {});
    output.on('error', () => {});
    this.closed = new Promise((resolve) => input.once('close', resolve)).then(() => {
      this.isClosed = true;
      this.check();
    });
  }

  fault(text) {
    if (this.faults.length < 20) this.faults.push(text);
  }

  read(data) {
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, data]) : data;
    for (;;) {
      const end = this.rest.indexOf('\r\n\r\n');
      if (end < 0) break;
      const length = /^Content-Length: (\d+)$/.exec(this.rest.toString('latin1', 0, end))?.[1];
      if (length === undefined) {
        this.fault(`the adapter's header is ${JSON.stringify(this.rest.toString('latin1', 0, end))}`);
        this.rest = Buffer.alloc(0);
        break;
      }
      const from = end + 4;
      const to = from + Number(length);
      if (this.rest.length < to) break;
      const body = this.rest.toString('utf8', from, to);
      this.rest = this.rest.subarray(to);
      this.take(body);
    }
    this.check();
  }

  take(body) {
    this.received += 1;
    let message;
    try {
      message = JSON.parse(body);
    } catch (error) {
      return this.fault(`no JSON: ${error.message}: ${body.slice(0, 300)}`);
    }
    const wrong = mistakes(message);
    if (wrong !== undefined) this.fault(wrong.slice(0, 1000));
    if (message.type === 'response') this.pay(message.request_seq);
    if (message.event === 'process' && message.body.systemProcessId) this.debuggees.add(message.body.systemProcessId);
    for (const handler of this.handlers) handler(message);
    return undefined;
  }

  pay(seq) {
    const debt = this.owed.get(seq);
    if (debt === undefined) return;
    debt.count -= 1;
    if (debt.count === 0) this.owed.delete(seq);
  }

  /** Notes that a message which is about to be sent is to be answered, if it is a request that can be read. */
  expect(message) {
    const { seq, type, command: name } = message;
    if (type !== 'request' || typeof name !== 'string' || !Number.isSafeInteger(seq) || !isReadable(message)) return;
    const debt = this.owed.get(seq) ?? { count: 0, name };
    debt.count += 1;
    debt.since = Date.now();
    this.owed.set(seq, debt);
  }

  check() {
    this.waiting = this.waiting.filter((look) => !look());
  }

  /** Waits until `look` is true, the adapter's end or some time; whether it was `look`. */
  until(look, ms) {
    return new Promise((resolve) => {
      const done = (result) => {
        clearTimeout(timer);
        resolve(result);
        return true;
      };
      const timer = setTimeout(() => {
        this.waiting = this.waiting.filter((other) => other !== test);
        done(false);
      }, ms);
      const test = () => (look() ? done(true) : this.isClosed ? done(false) : false);
      this.waiting.push(test);
      this.check();
    });
  }

  write(bytes) {
    if (this.isClosed || this.output.destroyed) return undefined;
    if (this.output.write(bytes)) return undefined;
    return Promise.race([new Promise((resolve) => this.output.once('drain', resolve)), this.closed]);
  }

  /** Processes that the adapter has started, as far as it told of them, and that still run. */
  left() {
    return [...this.debuggees].filter(isLeft);
  }
}
