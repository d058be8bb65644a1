import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentOf, profile, showTrace, trace, traceFile } from '../src/plain/commands';
import { completed, currentFile, problem } from '../src/plain/launch';

test('F5 without launch.json debugs a Python file, and leaves others alone', () => {
  assert.deepEqual(completed({}, 'python'), currentFile());
  assert.deepEqual(completed({ noDebug: true }, 'python'), { noDebug: true, ...currentFile() });
  assert.deepEqual(completed({}, 'rust'), {});
  const written = { type: 'tailscope', request: 'launch', name: 'x', module: 'm' };
  assert.equal(completed(written, 'python'), written);
});

test('wrong configurations are explained', () => {
  assert.equal(problem(currentFile()), undefined);
  assert.equal(problem({ request: 'launch', module: 'm', program: '' }), undefined);
  assert.match(problem({ request: 'fly' }) ?? '', /must be "launch" or "attach", not "fly"/);
  assert.equal(problem({ request: 'attach', port: 5678, token: 'x' }), undefined);
  assert.match(problem({ request: 'launch' }) ?? '', /says nothing to run/);
  assert.match(problem({ request: 'launch', program: 'a.py', module: 'm' }) ?? '', /"program" and "module": keep one/);
});

test('command lines', () => {
  assert.deepEqual(profile('/w/a/x.py', '/w'), { args: ['profile', '/w/a/x.py'], cwd: '/w' });
  assert.deepEqual(profile('/w/a/x.py', undefined).cwd, '/w/a');
  const output = traceFile('/w/a/x.py', '/w');
  assert.equal(output, '/w/.tailscope/traces/x.tstrace');
  assert.deepEqual(trace('/w/a/x.py', output, '/w').args, ['trace', '-o', output, '/w/a/x.py']);
  assert.deepEqual(showTrace(output).slice(0, 3), ['trace', 'show', output]);
});

test('what a command is about: the active file, or one that cannot be mistaken', () => {
  const [a, b, notes] = [{ languageId: 'python', a: 1 }, { languageId: 'python', b: 1 }, { languageId: 'markdown' }];
  assert.equal(documentOf(notes, [a], [a]), notes);
  assert.equal(documentOf(undefined, [notes, b], [a, b, notes]), b);
  assert.equal(documentOf(undefined, [notes], [notes, a]), a);
  assert.equal(documentOf(undefined, [], [a, b]), undefined);
  assert.equal(documentOf(undefined, [], []), undefined);
});
