#!/usr/bin/env node
// Kills the client, the adapter or the debuggee of a session at some moment, again and again: the others end, and no process
// is left.
//
//     node fuzz/kills.mjs [--count 500] [--seed N]

import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { commandLine, descendants, isLeft, kill, pause, survivors } from './processes.mjs';
import { ASLEEP, BUSY, FAMILY, LOUD, STUBBORN } from './programs.mjs';
import { Random } from './random.mjs';

const CLIENT = fileURLToPath(new URL('client.mjs', import.meta.url));
const PROGRAMS = { busy: BUSY, asleep: ASLEEP, loud: LOUD, stubborn: STUBBORN, family: FAMILY };
/** How long those that are not killed may take to end. */
const END_TIME = 10_000;
/** How long a session may take to begin. */
const BEGIN_TIME = 60_000;

const isDebuggee = (pid) => commandLine(pid).includes('debuggee');

/** A session, one of whose processes is killed. Returns what went wrong, if anything. */
async function round(random, files) {
  const victim = random.of(['client', 'adapter', 'debuggee']);
  let name = random.of(Object.keys(PROGRAMS));
  // What a killed program has started is its own.
  if (victim === 'debuggee' && name === 'family') name = 'busy';
  const signal = name === 'stubborn' || random.chance(0.5) ? 'SIGKILL' : 'SIGTERM';
  const options = { program: files[name], entry: random.chance(0.3), stepping: random.chance(0.5) };
  const client = fork(CLIENT, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const told = {};
  let said = '';
  client.on('message', (message) => Object.assign(told, message));
  client.stderr.on('data', (data) => (said += data));
  const gone = new Promise((resolve) => client.on('exit', resolve));
  const pids = new Set([client.pid]);
  const watch = () => descendants(client.pid).forEach((pid) => pids.add(pid));
  const debuggee = () => [...pids].find((pid) => isDebuggee(pid) && isLeft(pid));
  const target = () => ({ client: () => client.pid, adapter: () => told.adapter, debuggee })[victim]();
  // At any moment of the beginning, or once the program runs.
  const early = random.chance(0.5);
  const moment = Date.now() + random.below(700);
  const late = Date.now() + BEGIN_TIME;
  while (Date.now() < late && (early ? Date.now() < moment || target() === undefined : told.runs === undefined)) {
    watch();
    await pause(2);
  }
  if (!early) await pause(random.below(150));
  watch();
  const pid = target();
  const what = `${signal} for the ${victim}, ${name}, ${early ? 'early' : 'running'}`;
  if (pid === undefined) {
    client.kill('SIGKILL');
    return { what, wrong: `there was no ${victim} within ${BEGIN_TIME} ms: ${said}` };
  }
  kill(pid, signal);
  const until = Date.now() + END_TIME;
  // A debuggee may have been about to start when its adapter was killed.
  while (Date.now() < until && [...pids].some(isLeft)) {
    watch();
    await pause(10);
  }
  const left = await survivors([...pids], 0);
  await Promise.race([gone, pause(1000)]);
  const wrong = [];
  for (const { pid: other, state, parent, command } of left) {
    wrong.push(`process ${other} is left in state ${state}, child of ${parent}: ${command}`);
    kill(other, 'SIGKILL');
  }
  if (victim === 'debuggee') {
    if (!told.events?.includes('terminated')) wrong.push(`the adapter did not tell of the end: ${told.events}`);
    if (told.ended?.code !== 0) wrong.push(`the adapter ended with ${JSON.stringify(told.ended)}`);
  }
  if (told.faults?.length > 0) wrong.push(...told.faults);
  if (/panicked/.test(told.said ?? '')) wrong.push(told.said);
  if (/Error/.test(said)) wrong.push(`the client said: ${said}`);
  return { what, wrong: wrong.join('\n  ') || undefined };
}

/** Kills; returns the finds, and how often whom. */
export async function kills({ count, seed, log = () => {} }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tailscope-kills-'));
  const files = {};
  for (const [name, text] of Object.entries(PROGRAMS)) {
    files[name] = path.join(folder, `${name}.py`);
    writeFileSync(files[name], text);
  }
  const total = { finds: [], whom: {} };
  let next = 0;
  const work = async () => {
    while (next < count) {
      const mine = next++;
      const { what, wrong } = await round(new Random((seed * 1_000_003 + mine) >>> 0), files);
      const key = what.replace(/,.*/, '');
      total.whom[key] = (total.whom[key] ?? 0) + 1;
      if (wrong !== undefined) {
        total.finds.push(`round ${mine}, ${what}: ${wrong}`);
        log(total.finds.at(-1));
      }
      if (mine % 50 === 49) log(`${mine + 1} rounds, ${total.finds.length} finds`);
    }
  };
  try {
    await Promise.all([work(), work(), work()]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return total;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '50' }, seed: { type: 'string' } } });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const began = performance.now();
  const { finds, whom } = await kills({ count: Number(values.count), seed, log: console.log });
  console.log(`${values.count} rounds in ${((performance.now() - began) / 1000).toFixed(0)} s: ${JSON.stringify(whom)}`);
  console.log(`${finds.length} finds`);
  process.exit(finds.length > 0 ? 1 : 0);
}
