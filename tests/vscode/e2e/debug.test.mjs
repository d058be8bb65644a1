// Debugging: F5 to a breakpoint, variables, the Disassembly View by instruction.
import assert from 'node:assert/strict';
import { stage } from './driver.mjs';

const FILE = 'collatz.py';
let wb;
const step = stage('debug', (opened) => { wb = opened; }, { chained: true });
const variables = () => wb.rowTexts('Variables');
const current = async () => (await wb.disassembly()).find((row) => row.current)?.text ?? '';

step('F5 stops at a breakpoint; variables and call stack are read', async () => {
  await wb.openFile(FILE);
  await wb.toggleBreakpoint(16);
  await wb.page.keyboard.press('F5');
  await wb.stopped(16, FILE);
  await wb.until(async () => (await variables()).includes('n = 3'), 'n = 3 in Locals');
  await wb.until(async () => /run .*collatz\.py.* 16.*longest .*collatz\.py/.test((await wb.rowTexts('Call Stack')).join(' | ')), 'Call Stack');
  await wb.shot('debug-1-stopped');
});

step('a hover shows a value; the scopes show the value stack and the instruction', async () => {
  await wb.$(`.monaco-editor[data-uri$="/${FILE}"] .view-line span span`, { hasText: /^self$/ }).first().hover();
  const hover = wb.$('.debug-hover-widget:visible');
  await wb.until(async () => /Walk object/.test(await hover.innerText()), 'the hover of self');
  await wb.shot('debug-1-hover');
  await wb.page.mouse.move(5, 5);
  await wb.expand('Variables', ['Value stack', 'Instruction'], /^opcode = LOAD_SMALL_INT/);
  await wb.shot('debug-1-scopes');
});

step('step by line', async () => {
  await wb.page.keyboard.press('F10');
  await wb.stopped(17, FILE);
  await wb.until(async () => (await variables()).includes('n = 10'), 'n = 10 in Locals');
});

step('the Disassembly View steps by instruction', async () => {
  await wb.command('Open Disassembly View');
  await wb.until(async () => /LOAD_FAST_BORROW/.test(await current()), 'the first instruction of line 17');
  await wb.shot('debug-2-disassembly');
  await wb.$('.disassembly-view .monaco-list').click({ position: { x: 300, y: 200 } });
  await wb.page.keyboard.press('F10');
  await wb.until(async () => /LOAD_ATTR/.test(await current()), 'the next instruction');
  const first = await current();
  await wb.page.keyboard.press('F10');
  await wb.until(async () => (await current()) !== first, 'another instruction');
  // A jump names the address of a row, which may begin with a line of the source.
  const rows = (await wb.disassembly()).map((row) => row.text);
  const [, target] = rows.map((text) => /POP_JUMP_IF_FALSE.*to (0x[0-9a-f]+)/.exec(text)).find(Boolean);
  assert.ok(rows.some((text) => text.includes(target) && !text.includes(`to ${target}`)), `no row has the address ${target}`);
  await wb.shot('debug-3-stepped');
});

step('continue to the end', async () => {
  await wb.openFile(FILE);
  await wb.toggleBreakpoint(16, { off: true });
  await wb.page.keyboard.press('F5');
  await wb.$('.debug-toolbar').waitFor({ state: 'hidden' });
  await wb.command('Debug Console: Focus on Debug Console View');
  await wb.until(async () => (await wb.consoleText()).includes('takes 112 steps and climbs to 9232'), 'the output');
  assert.deepEqual(await wb.rowTexts('Call Stack'), []);
  await wb.shot('debug-4-done');
});
