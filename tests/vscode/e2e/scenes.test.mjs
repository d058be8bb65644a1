// One debug session, played as a person plays it: each kind of breakpoint, each way of looking and of going on.
// The steps go on where the last one stopped.
import assert from 'node:assert/strict';
import { Workbench, stage } from './driver.mjs';

const FILE = 'account.py';
let wb;
const step = stage('scenes', (opened) => { wb = opened; }, { chained: true });

const shows = (view, text) => wb.until(async () => (await wb.rowTexts(view)).includes(text), `${text} in ${view}`);
const row = (view, text) => wb.rows(view).filter({ hasText: text }).first();
const goOn = () => wb.page.keyboard.press('F5');
const why = (text) => wb.until(async () => text.test(await wb.why()), `${text} beside Call Stack`);

step('a conditional breakpoint and a log point', async () => {
  await wb.openFile(FILE);
  await wb.widenSideBar(480);
  await wb.addBreakpoint(FILE, 24, 'Add Conditional Breakpoint...', 'amount > 200', 'scenes-1-condition');
  await wb.addBreakpoint(FILE, 17, 'Add Logpoint...', '{amount} costs {amount // 100}');
  await wb.command('Tailscope: Debug this file');
  await wb.stopped(24, FILE);
  await shows('Variables', 'amount = 300');
  await shows('Variables', 'paid = 303');
  await shows('Call Stack', '<module> account.py 29:15');
  await wb.command('Debug Console: Focus on Debug Console View');
  await wb.until(async () => /^100 costs 1\s+account\.py:17\s+200 costs 2\s+account\.py:17$/.test(await wb.consoleText()), 'what was logged');
  await wb.shot('scenes-1-stopped');
});

step('the console evaluates, completes and says what is wrong', async () => {
  const say = async (text, answer) => {
    await wb.page.keyboard.type(text);
    await wb.page.keyboard.press('Escape'); // the list of completions
    await wb.page.keyboard.press('Enter');
    await wb.until(async () => (await wb.consoleText()).endsWith(`${text}\n${answer}`), `${text} gives ${answer}`);
  };
  await say('account.owner.upper()', "'ADA'");
  await say('[amount * 2 for amount in amounts]', '[200, 400, 600]');
  await say('account.balence', "AttributeError: 'Account' object has no attribute 'balence'");
  await wb.page.keyboard.type('account.withd');
  await wb.$('.suggest-widget .monaco-list-row.focused', { hasText: 'withdraw' }).waitFor();
  await wb.shot('scenes-2-console');
  await wb.page.keyboard.press('Tab');
  await wb.until(async () => /account\.withdraw/.test(Workbench.clean(await wb.$('.repl-input-wrapper .view-line').innerText())), 'the completion');
  await wb.page.keyboard.press('Control+A');
  await wb.page.keyboard.press('Delete');
  await wb.page.keyboard.press('Control+J');
});

step('a watched expression follows a value that is set', async () => {
  const watch = wb.$('.pane:has(> .pane-header h3.title:text-is("Watch"))');
  await watch.locator('.pane-header').hover();
  await watch.locator('.action-label[aria-label="Add Expression"]').click();
  await watch.locator('input').waitFor();
  await wb.page.keyboard.type('account.balance - amount');
  await wb.page.keyboard.press('Enter');
  await shows('Watch', 'account.balance - amount = 397');
  await row('Variables', /^amount =/).locator('.value').dblclick();
  const box = wb.rows('Variables').locator('input');
  await box.fill('nowhere');
  await wb.page.keyboard.press('Enter');
  await wb.$('.monaco-inputbox-container:visible', { hasText: "NameError: name 'nowhere' is not defined" }).waitFor();
  await box.fill('75 * 2');
  await wb.page.keyboard.press('Enter');
  await shows('Variables', 'amount = 150');
  await shows('Watch', 'account.balance - amount = 547');
  await wb.shot('scenes-3-set');
});

step('step into the second of the calls on a line', async () => {
  await wb.quick('F1', 'Debug: Step Into Target'); // a list of its own follows
  const targets = wb.$('.quick-input-list .monaco-list-row');
  await wb.until(async () => (await targets.allInnerTexts()).join() === 'with_fee(amount),account.withdraw(with_fee(amount))', 'the calls');
  await wb.shot('scenes-4-targets');
  await wb.page.keyboard.press('ArrowDown');
  await wb.page.keyboard.press('Enter');
  await wb.stopped(10, FILE);
  await shows('Call Stack', 'Account.withdraw account.py 10:12');
  await shows('Variables', 'amount = 151');
});

step('set the next statement: what is jumped over does not happen', async () => {
  await wb.goto(13);
  await wb.command('Debug: Jump to Cursor');
  await wb.stopped(13, FILE);
  await why(/^Paused on goto$/);
  await wb.shot('scenes-5-jump');
});

step('a data breakpoint from the Variables view', async () => {
  await wb.goto(24);
  await wb.page.keyboard.press('F9');
  await wb.$('.codicon-debug-breakpoint-conditional').first().waitFor({ state: 'detached' });
  await wb.expand('Variables', [/^self =/], /^balance = 697$/);
  await row('Variables', /^balance =/).click({ button: 'right' });
  await wb.menu('Break on Value Change');
  await row('Breakpoints', /balance/).waitFor();
  await wb.command('View: Focus Active Editor Group');
  await goOn();
  await why(/^\.balance of \w+ Account: 697 → 445, written on line 12/);
  await wb.stopped(13, FILE);
  await shows('Variables', 'balance = 445');
  await wb.shot('scenes-6-data');
  await wb.command('Remove All Breakpoints');
});

step('an instruction breakpoint in the Disassembly View', async () => {
  await wb.command('Open Disassembly View');
  const store = wb.$('.disassembly-view .monaco-list-row', { hasText: /STORE_ATTR_INSTANCE_VALUE +0 \(balance\)/ });
  await store.first().hover();
  await store.locator('.codicon').first().click();
  const address = /0x[0-9a-f]+/.exec(await store.first().innerText())[0];
  await shows('Breakpoints', address);
  await wb.command('View: Focus Active Editor Group');
  await goOn();
  await why(/^Paused on instruction breakpoint$/);
  await wb.until(async () => (await wb.disassembly()).some(({ current, text }) => current && text.startsWith(address)), `the arrow at ${address}`);
  await wb.expand('Variables', [/^Value stack$/], /^\[0\] = 41$/);
  await wb.shot('scenes-7-instruction');
  await wb.command('Remove All Breakpoints');
});

step('handler frames in the Call Stack', async () => {
  await wb.quick('F1', 'Tailscope: Show handler frames');
  const widget = wb.$('.quick-input-widget');
  const box = widget.locator('input');
  const complaint = wb.$('.quick-input-widget', { hasText: 'A number from 0 to 4096' });
  const say = async (count) => {
    await box.fill(count);
    await complaint.waitFor({ state: 'hidden' });
    await wb.page.keyboard.press('Enter');
    await widget.waitFor({ state: 'hidden' });
  };
  await box.waitFor();
  await box.fill('5000');
  await complaint.waitFor();
  await say('6');
  for (let i = 0; i < 5; i++) {
    const before = await wb.rowTexts('Call Stack');
    await wb.command('Debug: Step Over');
    await wb.until(async () => JSON.stringify(await wb.rowTexts('Call Stack')) !== JSON.stringify(before), 'another stack');
  }
  await wb.until(async () => (await wb.rowTexts('Call Stack')).filter((text) => /^[A-Z][A-Z_]{2,}/.test(text)).length >= 3, 'handlers');
  const handler = wb.rows('Call Stack').filter({ hasText: /^[A-Z][A-Z_]{2,}/ }).first();
  await wb.shot('scenes-8-handlers');
  // The frames of the stop before are there for a moment still.
  await wb.until(async () => {
    await handler.click({ timeout: 1000 }).catch(() => {});
    await row('Variables', /^oparg =/).waitFor({ timeout: 2000 }).catch(() => {});
    return row('Variables', /^oparg =/).isVisible();
  }, 'the parameters of a handler');
  await wb.shot('scenes-8-handler');
  await wb.quick('F1', 'Tailscope: Show handler frames');
  await box.waitFor();
  await say('0');
});

step('an exception is shown where it was raised; the program then ends as it would have', async () => {
  await wb.openFile(FILE);
  await goOn();
  const widget = wb.$('.exception-widget');
  await widget.waitFor();
  await why(/^Paused on uncaught exception$/);
  const text = Workbench.clean(await widget.innerText());
  assert.match(text, /Exception has occurred: ValueError\s+Ada has 41, which is less than 505\s+Traceback/);
  assert.match(text, /File ".*account\.py", line 11, in withdraw/);
  await shows('Variables', 'amount = 505');
  await wb.shot('scenes-9-exception');
  await goOn();
  await wb.$('.debug-toolbar').waitFor({ state: 'hidden' });
  await wb.command('Debug Console: Focus on Debug Console View');
  await wb.until(async () => /ValueError: Ada has 41, which is less than 505$/.test((await wb.consoleText()).trim()), 'the traceback');
  await wb.shot('scenes-10-ended');
});
