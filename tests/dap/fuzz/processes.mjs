// Processes, as Linux shows them in /proc.

import { existsSync, readFileSync, readdirSync } from 'node:fs';

/** Whether this machine shows them, with their children. */
export const canSee = existsSync(`/proc/self/task/${process.pid}/children`);

/** State and parent of a process; `undefined` if there is none. */
export function look(pid) {
  try {
    const [, state, parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** The arguments of a process. */
export function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(0, -1);
  } catch {
    return [];
  }
}

/** Resident memory, in bytes. */
export function memory(pid) {
  try {
    return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The children of a process, and theirs. */
export function descendants(pid) {
  const all = [];
  const walk = (parent) => {
    for (const child of children(parent)) {
      all.push(child);
      walk(child);
    }
  };
  walk(pid);
  return all;
}

function children(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((id) => readFileSync(`/proc/${pid}/task/${id}/children`, 'latin1').split(' ').filter(Boolean).map(Number));
  } catch {
    return [];
  }
}

/** Whether a process runs, or has ended and an adapter or client has not taken notice. What others have to bury is gone. */
export function isLeft(pid) {
  const found = look(pid);
  if (found?.state !== 'Z') return found !== undefined;
  const words = commandLine(found.parent);
  return words.includes('dap') || words.some((word) => word.endsWith('client.mjs'));
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends a signal to a process, if it is still there. */
export function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Waits for processes to be gone; those that are not. */
export async function survivors(pids, ms) {
  const until = Date.now() + ms;
  let left = pids.filter(isLeft);
  while (left.length > 0 && Date.now() < until) {
    await pause(20);
    left = left.filter(isLeft);
  }
  return left.map((pid) => ({ pid, ...look(pid), command: commandLine(pid).join(' ') }));
}
