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
    if (!foreign) assert.ok(session.output.stderr.includes(body.details.stackTrace), body.details.stackTrace);
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

  const groups = new Program('groups.py');

  /** The marks and texts of the stops at exceptions until the program ends. */
  async function stops(session, filterOptions, more = {}) {
    await session.prepare(groups, more.options);
    await session.setExceptionBreakpointsRequest({ filters: [], filterOptions, ...more.arguments });
    await session.configurationDoneRequest();
    const seen = [];
    for (;;) {
      const next = await session.until('stop or end', () => session.events.find(({ event }) => event === 'stopped' || event === 'exited'));
      if (next.event === 'exited') return seen;
      await session.stopped('exception');
      seen.push([session.at, session.why.text]);
      await session.go();
    }
  }

  ours('of some classes', async (session) => {
    const seen = await stops(session, [{ filterId: 'raised', condition: 'LookupError' }]);
    assert.deepEqual(seen.map(([at]) => at), ['key', 'callback']);
  });

  ours('with a condition', async (session) => {
    const seen = await stops(session, [{ filterId: 'raised', condition: '"number" in str(__exception__)' }]);
    assert.deepEqual(seen, [['odd', 'Odd: no number']]);
  });

  ours('by the paths of exception options', async (session) => {
    const path = [{ names: ['Python Exceptions'] }, { names: ['KeyError', 'groups.Odd', '__main__.Odd'] }];
    const seen = await stops(session, undefined, { arguments: { exceptionOptions: [{ path, breakMode: 'always' }] } });
    assert.deepEqual(seen.map(([at]) => at), ['key', 'odd']);
  });

  ours('that leave the code of the user', async (session) => {
    const seen = await stops(session, [{ filterId: 'userUnhandled' }]);
    assert.deepEqual(seen.map(([at]) => at), ['thread', 'group'], 'one that threading catches, and none that code of the user does');
  });

  ours('with cause, notes and members', async (session) => {
    await session.prepare(groups);
    await session.setExceptionBreakpointsRequest({ filters: ['uncaught'], filterOptions: [{ filterId: 'raised', condition: 'False' }] });
    await session.configurationDoneRequest();
    await session.stopped('exception');
    const { body } = await session.exceptionInfoRequest({ threadId: session.thread });
    assert.equal(body.exceptionId, 'ExceptionGroup');
    assert.equal(body.description, 'several (2 sub-exceptions)\nlook at both');
    assert.deepEqual(body.details.innerException.map(({ typeName, evaluateName }) => [typeName, evaluateName]),
      [['Odd', '__exception__.exceptions[0]'], ['KeyError', '__exception__.exceptions[1]']]);
    assert.equal(await session.evaluate(body.details.innerException[1].evaluateName), "KeyError('b')");
  });

  ours('with their cause', async (session) => {
    await session.prepare(groups);
    await session.setExceptionBreakpointsRequest({ filters: [], filterOptions: [{ filterId: 'raised', condition: 'Odd' }] });
    await session.configurationDoneRequest();
    await session.stopped('exception');
    const { body } = await session.exceptionInfoRequest({ threadId: session.thread });
    assert.equal(body.details.typeName, 'Odd');
    assert.ok(body.details.innerException.some(({ typeName }) => typeName === 'ValueError'), JSON.stringify(body.details.innerException));
  });

  ours('no such filter', async (session) => {
    await session.prepare(groups);
    await refused(session.setExceptionBreakpointsRequest({ filters: ['sometimes'] }), /there is no exception filter "sometimes"; there are "raised", "userUnhandled", "uncaught"/);
  });
});
