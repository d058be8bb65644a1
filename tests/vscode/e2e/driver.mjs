// Drives a VS Code workbench, served by code-server, with Playwright. Selectors hold for VS Code 1.139.
// Monaco renders the lines and rows in view only, spaces as U+00A0, and redraws at any time: texts go
// through `clean`, and everything is polled with `until`, never read once.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const freePort = () => new Promise((ok) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => ok(port)); }); });

/** Starts start.sh on a free port, on a copy of workspace/; resolves once /healthz answers. */
export async function startServer({ env = {} } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tailscope-e2e-work-'));
  const workspace = path.join(folder, 'examples'); // a name for people: screenshots show it
  fs.cpSync(path.join(ROOT, 'workspace'), workspace, { recursive: true });
  const port = await freePort();
  const log = [];
  const profile = process.env.E2E_PROFILE ?? fs.mkdtempSync(path.join(os.tmpdir(), 'tailscope-e2e-'));
  const child = spawn(path.join(ROOT, 'start.sh'), [String(port), workspace], { env: { ...process.env, E2E_PROFILE: profile, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  for (const s of [child.stdout, child.stderr]) s.on('data', (d) => log.push(String(d)));
  const url = `http://127.0.0.1:${port}`;
  const until = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null || Date.now() > until) throw new Error('the server did not start:\n' + log.join(''));
    // The page itself is slower: Workbench.open waits for it.
    if (await fetch(url + '/healthz').then((r) => r.ok, () => false)) break;
    await new Promise((r) => setTimeout(r, 100));
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) { const gone = new Promise((r) => child.once('exit', r)); process.kill(-child.pid, 'SIGTERM'); await gone; }
    for (const made of process.env.E2E_PROFILE ? [folder] : [folder, profile]) fs.rmSync(made, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  return { url, port, workspace, profile, log, stop };
}

export async function launchBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS });
}

/**
 * Opens a workbench for the tests of a file, gives it to `use`, and returns what declares a test. A test that
 * fails leaves a screenshot. With `chained` each test goes on where the last one stopped: after a failure none runs.
 */
export function stage(name, use, { chained = false } = {}) {
  let server, browser, wb, failed = 0;
  before(async () => {
    [server, browser] = await Promise.all([startServer(), launchBrowser()]);
    use(wb = await Workbench.open(browser, server, { shots: process.env.SHOTS }));
  }, { timeout: 120_000 });
  after(async () => {
    await wb?.page.goto('about:blank').catch(() => {});
    await browser?.close();
    await server?.stop();
  });
  return (title, play) => test(title, { timeout: 90_000 }, async () => {
    if (chained && failed > 0) throw new Error('an earlier step failed');
    try { await play(); } catch (error) { await wb.shot(`${name}-failed-${++failed}`); throw error; }
  });
}

export class Workbench {
  constructor(page, shots) { this.page = page; this.shots = shots; this.errors = []; if (shots) fs.mkdirSync(shots, { recursive: true }); }

  static async open(browser, server, { shots, query = '' } = {}) {
    const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const wb = new Workbench(page, shots);
    wb.server = server;
    page.on('console', (m) => m.type() === 'error' && wb.errors.push(m.text()));
    await page.goto(`${server.url}/?folder=${encodeURI(server.workspace)}${query}`, { waitUntil: 'domcontentloaded' });
    await page.locator('.monaco-workbench .statusbar').waitFor({ timeout: 60_000 });
    await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout: 60_000 });
    return wb;
  }

  $(sel, opt) { return this.page.locator(sel, opt); }
  async shot(name) { await this.page.screenshot({ path: path.join(this.shots, name + '.png') }); }
  /** Text as rendered, with VS Code's no-break spaces made plain. */
  static clean(s) { return s.replace(/\u00a0/g, ' ').replace(/\u200c|\u200b/g, ''); }

  /** Polls fn until it returns something truthy. */
  async until(fn, what, timeout = 30_000) {
    const end = Date.now() + timeout; let last;
    while (Date.now() < end) {
      try { const v = await fn(); if (v) return v; } catch (e) { last = e; }
      await this.page.waitForTimeout(100);
    }
    throw new Error(`timed out: ${what}${last ? ` (${last.message})` : ''}`);
  }

  /** Opens rows of a tree until a row there is what is wanted: a view that is filled anew loses clicks, and closes rows. */
  async expand(view, rows, wanted) {
    await this.until(async () => {
      for (const text of rows) {
        const row = this.rows(view).filter({ hasText: text }).first();
        if ((await row.getAttribute('aria-expanded', { timeout: 1000 })) === 'true') continue;
        await row.locator('.monaco-tl-twistie').click({ timeout: 1000 });
        await this.page.waitForTimeout(300);
      }
      return (await this.rowTexts(view)).some((text) => wanted.test(text));
    }, `${wanted} in ${view}`);
  }

  /** Opens the quick input with `key`, types, waits for a row holding `row`, accepts it. */
  async quick(key, text, row = text) {
    const input = this.$('.quick-input-widget:visible input.input');
    // Enter takes the focused row; before the filter has run that may be another one.
    const wanted = this.$('.quick-input-list .monaco-list-row.focused', { hasText: row }).first();
    // A window that still loads takes the focus away now and then, which closes the input: open it again.
    const state = async () => {
      if (await wanted.isVisible()) return 'found';
      if (!(await input.isVisible())) return 'closed';
      const given = await input.inputValue({ timeout: 5000 });
      const full = given.startsWith('>') ? '>' + text : text;
      if (given !== full) await input.fill(full, { timeout: 5000 });
      return '';
    };
    for (let tries = 3; ; tries--) {
      await this.page.keyboard.press(key);
      await input.waitFor({ timeout: 10_000 }).catch(() => {});
      if ((await this.until(state, `${row} in the quick input`)) === 'found') break;
      if (tries === 1) throw new Error(`the quick input closes before it shows ${row}`);
    }
    await this.page.keyboard.press('Enter');
  }
  async command(title) {
    await this.quick('F1', title);
    await this.$('.quick-input-widget').waitFor({ state: 'hidden' });
  }

  /** Changes a setting of the server's machine in its file. */
  async setting(key, value) {
    const file = path.join(this.server.profile, 'data/Machine/settings.json');
    const all = JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.writeFileSync(file, JSON.stringify({ ...all, [key]: value }, null, 2));
  }

  editor(file) { return this.$(`.editor-instance .monaco-editor[data-uri$="/${file}"]`); }
  async openFile(file) {
    await this.quick('Control+P', file);
    await this.$('.quick-input-widget').waitFor({ state: 'hidden' });
    await this.editor(file).locator('.view-line').first().waitFor();
  }
  async goto(line, column = 1) {
    await this.page.keyboard.press('Control+G');
    const input = this.$('.quick-input-widget:visible input.input');
    await input.waitFor();
    await input.fill(`:${line}:${column}`);
    await this.page.keyboard.press('Enter');
    await this.$('.statusbar', { hasText: `Ln ${line}, Col ${column}` }).waitFor();
  }
  /** The rendered lines (those in view), top to bottom. */
  async lines(file) {
    const all = await this.editor(file).locator('.view-line').evaluateAll((els) => els.map((e) => [parseFloat(e.style.top), e.textContent]));
    return all.sort((a, b) => a[0] - b[0]).map((x) => Workbench.clean(x[1]));
  }
  /** Waits until a rendered line is exactly this (inlay hints included). */
  async line(file, text) { await this.until(async () => (await this.lines(file)).includes(text), `the line ${text}`); }
  async lenses(file) { return (await this.editor(file).locator('.codelens-decoration a').allTextContents()).map(Workbench.clean); }
  /** Points at `text` inside the editor and returns the hover's text. */
  async hover(file, text) {
    await this.page.mouse.move(5, 5);
    await this.editor(file).locator('.view-line span span', { hasText: text }).last().hover();
    const box = this.editor(file).locator('.monaco-hover .hover-contents:visible'); // one per participant
    await box.first().waitFor();
    await this.until(async () => !(await box.allTextContents()).join('').includes('Loading...'), 'hover loads');
    return (await box.allInnerTexts()).map(Workbench.clean).join('\n');
  }

  /** Waits for a notification that holds `text`, and gives its buttons. */
  async notification(text) {
    const toast = this.$('.notification-toast', { hasText: text });
    await toast.first().waitFor();
    return toast.first().locator('.notification-list-item-buttons-container a');
  }

  /** Makes the side bar wide enough to read values in, by its sash. */
  async widenSideBar(width) {
    const bar = await this.$('.part.sidebar').boundingBox();
    const sashes = await Promise.all((await this.$('.monaco-sash.vertical:visible').all()).map((sash) => sash.boundingBox()));
    const right = bar.x + bar.width, away = (box) => Math.abs(box.x + box.width / 2 - right);
    const sash = sashes.filter(Boolean).sort((a, b) => away(a) - away(b))[0];
    const x = sash.x + sash.width / 2, y = sash.y + sash.height / 2;
    await this.page.mouse.move(x, y);
    await this.page.mouse.down();
    await this.page.mouse.move(x + width - bar.width, y, { steps: 5 });
    await this.page.mouse.up();
  }
  /** Takes an entry of the menu that has just been opened. */
  async menu(entry) {
    const label = this.$('.monaco-menu .action-label', { hasText: entry });
    await label.waitFor();
    // A menu takes no click that comes too soon after it was opened.
    await this.until(async () => {
      if (!(await label.isVisible())) return true;
      await this.page.waitForTimeout(300);
      await label.click({ timeout: 1000 }).catch(() => {});
      await label.waitFor({ state: 'hidden', timeout: 1000 }).catch(() => {});
      return false;
    }, `${entry} is taken`);
  }

  // -- debugging ------------------------------------------------------------
  /** Takes an entry of the menu of the margin beside a line in view. */
  async marginMenu(file, line, entry) {
    const box = await this.editor(file).locator('.margin-view-overlays > div', { hasText: new RegExp(`^${line}$`) }).boundingBox();
    await this.page.mouse.click(box.x + 10, box.y + box.height / 2, { button: 'right' });
    await this.menu(entry);
  }
  /** Adds a breakpoint by the margin's menu, with the text that its box asks for. */
  async addBreakpoint(file, line, entry, text, shot) {
    await this.marginMenu(file, line, entry);
    const box = this.$('.breakpoint-widget .monaco-editor');
    await box.waitFor();
    // What is typed before the box has the focus goes into the file.
    await this.until(() => this.page.evaluate(() => !!document.activeElement?.closest('.breakpoint-widget')), 'the focus in the box');
    await this.page.keyboard.type(text);
    await this.until(async () => Workbench.clean(await box.innerText()).includes(text), `${text} in the box`);
    if (shot) await this.shot(shot);
    await this.page.keyboard.press('Enter');
    await this.$('.breakpoint-widget').waitFor({ state: 'hidden' });
  }
  /** The sentence beside the title of the Call Stack: why it has stopped. */
  async why() {
    const header = this.$('.pane:has(> .pane-header h3.title:text-is("Call Stack")) > .pane-header');
    return Workbench.clean(await header.innerText()).replace(/\s+/g, ' ').replace(/^Call Stack/, '').trim();
  }
  async toggleBreakpoint(line, { off = false } = {}) {
    await this.goto(line);
    await this.page.keyboard.press('F9');
    await this.$('.codicon-debug-breakpoint').first().waitFor({ state: off ? 'detached' : 'visible' });
  }
  async consoleText() { return (await this.$('.repl .monaco-list-row').allInnerTexts()).map(Workbench.clean).join('\n'); }
  /** Rows of a debug view, by the view's title: 'Variables', 'Call Stack', 'Breakpoints', 'Watch'. */
  rows(view) { return this.$(`.pane:has(> .pane-header h3.title:text-is("${view}")) .monaco-list-row`); }
  async rowTexts(view) { return (await this.rows(view).allInnerTexts()).map((t) => Workbench.clean(t).replace(/\s+/g, ' ').trim()); }
  async rowLabels(view) { return this.rows(view).evaluateAll((r) => r.map((e) => e.getAttribute('aria-label'))); }
  /** Waits for a stop: the toolbar's Continue is there, and the frame's arrow is at `line` when given. */
  async stopped(line, file) {
    // A launch that fails is told in a dialog: say it instead of waiting.
    const dialog = this.$('.monaco-dialog-box');
    const stop = this.$('.debug-toolbar .codicon-debug-continue:not(.disabled)').first();
    await this.until(async () => (await stop.isVisible()) || (await dialog.isVisible()), 'a stop');
    if (await dialog.isVisible()) throw new Error(`the debugger says: ${(await dialog.textContent()).trim()}`);
    if (line) await this.until(async () => (await this.stackLine(file)) === line, `the arrow at line ${line}`);
  }
  /** The line number whose margin shows the current-frame arrow. */
  async stackLine(file) {
    return this.editor(file).locator('.margin').evaluate((m) => {
      const g = m.querySelector('.codicon-debug-stackframe') ?? document.querySelector('.codicon-debug-stackframe');
      if (!g) return 0;
      const y = g.getBoundingClientRect().top;
      for (const n of m.querySelectorAll('.line-numbers')) if (Math.abs(n.getBoundingClientRect().top - y) < 6) return Number(n.textContent);
      return 0;
    });
  }
  /** Rows of the Disassembly View: {current, text}. */
  async disassembly() {
    return this.$('.disassembly-view .monaco-list-row').evaluateAll((rows) => rows.map((r) => ({
      top: parseFloat(r.style.top), current: !!r.querySelector('.codicon-debug-stackframe'), text: r.textContent.replace(/\u00a0/g, ' '),
    })).sort((a, b) => a.top - b.top));
  }
}
