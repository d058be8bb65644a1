import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Places, findProgram } from '../src/plain/binary';

function places(executable: string[], more: Partial<Places> = {}): Places {
  return {
    setting: '',
    extensionPath: '/ext',
    pathVariable: '/usr/bin:relative:/opt/bin',
    workspaceFolder: '/work',
    homeFolder: '/home/me',
    windows: false,
    isExecutable: (file) => executable.includes(file),
    ...more,
  };
}

test('the setting comes first, then the bundled program, then the PATH', () => {
  const all = ['/mine', '/ext/bin/tailscope', '/opt/bin/tailscope'];
  assert.deepEqual(findProgram(places(all, { setting: ' /mine ' })), { program: '/mine' });
  assert.deepEqual(findProgram(places(all)), { program: '/ext/bin/tailscope' });
  assert.deepEqual(findProgram(places(['/opt/bin/tailscope'])), { program: '/opt/bin/tailscope' });
});

test('a setting that is wrong is said, not passed over', () => {
  const found = findProgram(places(['/ext/bin/tailscope'], { setting: '/gone' }));
  assert.deepEqual(found, { problem: 'The setting tailscope.path names /gone, but there is no program there.' });
});

test('home and workspace folder are filled in', () => {
  assert.deepEqual(findProgram(places(['/home/me/t'], { setting: '~/t' })), { program: '/home/me/t' });
  assert.deepEqual(findProgram(places(['/work/t'], { setting: '${workspaceFolder}/t' })), { program: '/work/t' });
  assert.deepEqual(findProgram(places(['/work/a/t'], { setting: 'a/t' })), { program: '/work/a/t' });
});

test('relative folders on the PATH are passed over', () => {
  const found = findProgram(places(['relative/tailscope', 'tailscope']));
  assert.ok('problem' in found && found.problem.includes('was not found'));
});

test('Windows has its own names and separators', () => {
  const found = findProgram(
    places(['C:\\tools\\tailscope.exe'], { windows: true, pathVariable: 'C:\\x;C:\\tools', extensionPath: 'C:\\ext' }),
  );
  assert.deepEqual(found, { program: 'C:\\tools\\tailscope.exe' });
});
