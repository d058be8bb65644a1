// A client that kills.mjs starts and ends: it starts an adapter and a program, and keeps both busy until one of them is gone.
// It tells its parent of what it sees.

import { framed } from './messages.mjs';
import { pause } from './processes.mjs';
import { Wire, start } from './wire.mjs';

const { program, entry, stepping } = JSON.parse(process.argv[2]);

const child = start();
const wire = Wire.over(child);
process.send({ adapter: child.pid });

let seq = 0;
let stopped;
const events = new Set();
wire.handlers.push(({ event, body }) => {
  if (event === 'stopped') stopped = body.threadId;
  if (event) events.add(event);
});
child.ended.then((status) => {
  process.send({ ended: status, events: [...events], faults: wire.faults, said: child.said }, () => process.exit(0));
});
// Its parent is gone: so is the reason to go on.
process.on('disconnect', () => process.exit(1));

async function ask(command, args) {
  seq += 1;
  const mine = seq;
  const message = { seq, type: 'request', command, arguments: args };
  wire.expect(message);
  await wire.write(framed(JSON.stringify(message)));
  return () => wire.until(() => !wire.owed.has(mine), 20_000);
}

await ask('initialize', { adapterID: 'x' });
await ask('launch', { program, stopOnEntry: entry, justMyCode: false });
await wire.until(() => events.has('initialized') || events.has('terminated'), 60_000);
await (await ask('setBreakpoints', { source: { path: program }, breakpoints: [{ line: 3, condition: 'x > 3' }] }))();
await (await ask('configurationDone'))();
process.send({ runs: [...wire.debuggees] });
while (!events.has('terminated') && !wire.isClosed) {
  if (stopped === undefined) {
    if (stepping) await ask('pause', { threadId: 1 });
    await wire.until(() => stopped !== undefined || events.has('terminated'), 100);
  } else {
    await (await ask('stackTrace', { threadId: stopped, levels: 3 }))();
    const step = stepping ? ['stepIn', 'next', 'stepOut'][seq % 3] : 'continue';
    if (stepping || seq % 5 === 0) {
      const threadId = stopped;
      stopped = undefined;
      await ask(step, { threadId });
    }
  }
  await pause(1);
}
if (!wire.isClosed) await ask('disconnect', {});
