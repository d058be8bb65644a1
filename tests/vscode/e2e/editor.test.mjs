// What a person sees while editing: hovers, hints, lenses, bytecode, errors.
import assert from 'node:assert/strict';
import { stage } from './driver.mjs';

const FILE = 'collatz.py';
let wb;
const step = stage('editor', (opened) => { wb = opened; });

step('before any run: lenses, and a hover with the bytecode, labelled static', async () => {
  await wb.openFile(FILE);
  await wb.until(async () => (await wb.lenses(FILE)).some((lens) => /^\d+ instructions · stack \d+$/.test(lens)), 'a lens');
  const hover = await wb.hover(FILE, /^%$/);
  assert.match(hover, /Walk\.run line 13 — 7 instructions/);
  assert.match(hover, /▸ +\d+ +BINARY_OP +6 \(%\)/);
  assert.match(hover, /Applies the binary operator/);
  assert.match(hover, /Static: no profile knows this file/);
  await wb.shot('editor-1-hover-static');
  await wb.page.keyboard.press('Escape');
});

// A hint stands right after what it is about; its distance is not part of the text.
step('profile this file: likelihood beside conditions, counts beside loops', async () => {
  await wb.command('Tailscope: Profile this file');
  await wb.line(FILE, '            if n % 2 == 069% true:');
  const lines = await wb.lines(FILE);
  assert.ok(lines.includes('        while n != 196% true:'), lines.join('\n'));
  await wb.until(async () => (await wb.lenses(FILE)).some((lens) => /ran 59×/.test(lens)), 'a lens with runs');
  await wb.page.keyboard.press('Control+J');
  // The lenses that the terminal was before are brought up to date only now.
  await wb.until(async () => (await wb.lenses(FILE)).every((lens) => /ran /.test(lens)), 'all lenses with runs');
  await wb.shot('editor-2-hints');
});

step('a hover with numbers', async () => {
  const hover = await wb.hover(FILE, /^%$/);
  assert.match(hover, /executed 1,438×/);
  assert.match(hover, /COMPARE_OP_INT/);
  assert.match(hover, /└ 31% jumps ▕█+.? *▏ [●○]{16}/);
  assert.match(hover, /Profile: .*collatz\.py/);
  await wb.shot('editor-3-hover-profiled');
  await wb.page.keyboard.press('Escape');
});

step('a change makes the numbers stale; an error keeps the bytecode', async () => {
  await wb.goto(16, 30);
  await wb.page.keyboard.type('7');
  await wb.line(FILE, '            if n % 2 == 069% true (stale):');
  await wb.shot('editor-4-stale');
  await wb.page.keyboard.press('Backspace');
  await wb.line(FILE, '            if n % 2 == 069% true:');
  await wb.page.keyboard.type(' +');
  await wb.editor(FILE).locator('.squiggly-error').first().waitFor({ state: 'attached' });
  assert.match(await wb.hover(FILE, /^%$/), /does not compile as it is/);
  await wb.shot('editor-5-error');
  await wb.page.keyboard.press('Escape');
  await wb.page.keyboard.press('Backspace');
  await wb.page.keyboard.press('Backspace');
  await wb.editor(FILE).locator('.squiggly-error').first().waitFor({ state: 'detached' });
});

step('the whole bytecode beside the source, and back', async () => {
  await wb.goto(13, 20);
  await wb.command('Tailscope: Show bytecode');
  const bytecode = wb.$('.editor-instance .monaco-editor[data-uri^="tailscope-bytecode:"]');
  await bytecode.locator('.view-line', { hasText: 'if n % 2 == 0:' }).first().waitFor();
  await wb.shot('editor-6-bytecode');
  await wb.page.keyboard.press('ArrowDown');
  await wb.page.keyboard.press('F12');
  await wb.$('.statusbar', { hasText: 'Ln 13, Col 1' }).waitFor();
});

step('the walkthrough has its steps and pictures', async () => {
  await wb.quick('F1', 'Welcome: Open Walkthrough...'); // a list of its own follows
  const input = wb.$('.quick-input-widget:visible input.input');
  await input.fill('Tailscope');
  await wb.$('.quick-input-list .monaco-list-row.focused', { hasText: 'Get started with Tailscope' }).waitFor();
  await wb.page.keyboard.press('Enter');
  const page = wb.$('.gettingStartedContainer');
  await wb.until(async () => {
    const titles = await page.getByRole('heading').allInnerTexts();
    return ['Hover a line', 'Profile a file', 'Debug it', 'Step by instruction'].every((title) => titles.includes(title));
  }, 'the steps');
  // The picture of the step that is open is the large one.
  await wb.until(() => page.locator('img').evaluateAll((all) => all.some((image) => image.naturalWidth > 900)), 'the picture');
  await wb.shot('editor-8-walkthrough');
  // No text is active here, but one Python file is open.
  await page.getByText('Show bytecode').click();
  await wb.$('.editor-instance .monaco-editor[data-uri^="tailscope-bytecode:"]').waitFor();
});

step('a wrong path is said, with a way to the setting', async () => {
  await wb.setting('tailscope.path', '/nowhere/tailscope');
  const buttons = await wb.notification('The setting tailscope.path names /nowhere/tailscope');
  await wb.shot('editor-7-missing');
  await buttons.filter({ hasText: 'Open setting' }).click();
  await wb.$('.settings-editor').waitFor();
});
