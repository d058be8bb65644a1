import assert from 'node:assert/strict';
import { Program, foreign, ours, refused, scenario } from './support.mjs';

const raises = new Program('raises.py');

describe('exceptions', () => {
  ours('stop as they are raised', async (session) => {
    await session.prepare(raises);
    await session.setExceptionBreakpointsRequest({ filters: ['raised'] });
    await session.configurationDoneRequest();
    const seen = [];
    for (let n = 0; n < 3; n++) {
      await session.stopped('exception');
      seen.push([session.at, session.why.text]);
      await session.go();
    }
    assert.deepEqual(seen, [
      ['caught', "ValueError: invalid literal for int() with base 10: 'x'"],
      ['uncaught', "KeyError: 'missing'"],
      ['uncaught', "KeyError: 'missing'"],
    ]);
  });

  scenario('that nothing catches stop where they were raised', async (session) => {
    await session.prepare(raises);
    await session.setExceptionBreakpointsRequest({ filters: ['uncaught'] });
    await session.configurationDoneRequest();
    await session.stopped('exception');
    assert.equal(session.at, 'uncaught');
    assert.deepEqual(session.frames.map((frame) => raises.mark(frame.line)), ['uncaught', 'deeper', 'main']);
    assert.equal(await session.evaluate('depth'), '0');
    const { body } = await session.exceptionInfoRequest({ threadId: session.thread });
    assert.match(body.exceptionId, /KeyError/);
    assert.equal(body.breakMode, foreign ? body.breakMode : 'unhandled');
    assert.match(body.details.stackTrace, /fail\(1\)/);
    await session.go();
    assert.equal(await session.exited(), 1);
    assert.match(session.output.stderr, /KeyError: 'missing'/);
  });

  scenario('pass when nobody asks for them', async (session) => {
    await session.prepare(raises);
    await session.setExceptionBreakpointsRequest({ filters: [] });
    await session.configurationDoneRequest();
    assert.equal(await session.exited(), 1);
  });

  ours('are only told of at such a stop', async (session) => {
    await session.runTo(raises, ['caught']);
    await refused(session.exceptionInfoRequest({ threadId: session.thread }), /not stopped at an exception/);
  });
});
