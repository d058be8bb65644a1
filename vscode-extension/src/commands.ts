// The commands: thin calls of the program or the language server.
import { execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { debugFile, showHandlerFrames } from './debug';
import { Server } from './languageServer';
import { CommandLine, documentOf, profile, showTrace, trace, traceFile } from './plain/commands';
import { findOrSay } from './program';

const TRACE_SCHEME = 'tailscope-trace';

export function registerCommands(context: vscode.ExtensionContext, server: Server): void {
  const register = (name: string, run: (...args: never[]) => unknown) =>
    context.subscriptions.push(vscode.commands.registerCommand(`tailscope.${name}`, run));
  register('debugFile', async (uri?: vscode.Uri) => {
    const file = await fileOf(uri);
    if (file) await debugFile(file);
  });
  register('profileFile', (uri?: vscode.Uri) => profileFile(context, uri));
  register('traceFile', (uri?: vscode.Uri) => recordTrace(context, uri));
  register('showBytecode', (uri?: vscode.Uri | string, line?: number) => showBytecode(server, uri, line));
  register('handlerFrames', () => showHandlerFrames());
  register('restartServer', () => server.restart());
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider(TRACE_SCHEME, {
      provideTextDocumentContent: (uri) => traceText(context, uri.query),
    }),
  );
}

const NO_FILE = 'Open a Python file first: there is none in the active editor.';

/** What a command is about that was given no file. */
function current(): vscode.TextDocument | undefined {
  const visible = vscode.window.visibleTextEditors.map((editor) => editor.document);
  return documentOf(vscode.window.activeTextEditor?.document, visible, vscode.workspace.textDocuments);
}

/** The Python file that a command is about, saved; says so when there is none. */
async function fileOf(uri: vscode.Uri | undefined): Promise<vscode.Uri | undefined> {
  const file = uri instanceof vscode.Uri ? uri : current()?.uri;
  const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === file?.toString());
  if (!file || file.scheme !== 'file' || (document && document.languageId !== 'python')) {
    void vscode.window.showErrorMessage(NO_FILE);
    return undefined;
  }
  if (document?.isDirty && !(await document.save())) return undefined;
  return file;
}

function folderOf(file: vscode.Uri): string | undefined {
  return vscode.workspace.getWorkspaceFolder(file)?.uri.fsPath;
}

/** Runs the program in the terminal; its exit status, undefined if it was ended from there. */
async function runTask(name: string, program: string, line: CommandLine): Promise<number | undefined> {
  const execution = new vscode.ProcessExecution(program, line.args, { cwd: line.cwd });
  const task = new vscode.Task({ type: 'tailscope', task: name }, vscode.TaskScope.Workspace, name, 'Tailscope', execution);
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true, showReuseMessage: false };
  const running = await vscode.tasks.executeTask(task);
  return new Promise((resolve) => {
    const ends = vscode.tasks.onDidEndTaskProcess((event) => {
      if (event.execution !== running) return;
      ends.dispose();
      resolve(event.exitCode);
    });
  });
}

async function profileFile(context: vscode.ExtensionContext, uri?: vscode.Uri): Promise<void> {
  const file = await fileOf(uri);
  const program = file && findOrSay(context);
  if (!file || !program) return;
  await runTask('Profile', program, profile(file.fsPath, folderOf(file)));
}

async function recordTrace(context: vscode.ExtensionContext, uri?: vscode.Uri): Promise<void> {
  const file = await fileOf(uri);
  const program = file && findOrSay(context);
  if (!file || !program) return;
  const output = traceFile(file.fsPath, folderOf(file));
  await fs.promises.mkdir(path.dirname(output), { recursive: true });
  await runTask('Trace', program, trace(file.fsPath, output, folderOf(file)));
  if (!fs.existsSync(output)) return;
  // The time makes each recording a document of its own: an open one would not be read again.
  const title = `/${path.basename(file.fsPath)} (trace)`;
  const target = vscode.Uri.from({ scheme: TRACE_SCHEME, path: title, query: output, fragment: String(Date.now()) });
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(target), { preview: true });
}

function traceText(context: vscode.ExtensionContext, output: string): Promise<string> {
  const program = findOrSay(context);
  if (!program) return Promise.resolve('');
  return new Promise((resolve) => {
    execFile(program, showTrace(output), { maxBuffer: 64 << 20 }, (error, text, complaint) =>
      resolve(error && text === '' ? `# ${complaint || String(error)}\n` : text),
    );
  });
}

interface BytecodePlace {
  uri: string;
  line: number;
}

async function showBytecode(server: Server, uri?: vscode.Uri | string, line?: number): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const source = typeof uri === 'string' ? vscode.Uri.parse(uri, true) : (uri ?? current()?.uri);
  if (!source) {
    void vscode.window.showErrorMessage(NO_FILE);
    return;
  }
  const client = await server.running();
  if (!client) {
    void vscode.window.showErrorMessage('There is no bytecode to show: the language server is not running.');
    return;
  }
  const at = line ?? (editor?.document.uri.toString() === source.toString() ? editor.selection.active.line : 0);
  const wanted = client.code2ProtocolConverter.asUri(source);
  const place = await client.sendRequest<BytecodePlace | null>('tailscope/bytecode', { uri: wanted, line: at });
  if (!place) {
    void vscode.window.showErrorMessage('There is no bytecode to show: open a Python file first.');
    return;
  }
  const document = await vscode.workspace.openTextDocument(client.protocol2CodeConverter.asUri(place.uri));
  const shown = await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
  const target = new vscode.Position(place.line, 0);
  shown.selection = new vscode.Selection(target, target);
  shown.revealRange(new vscode.Range(target, target), vscode.TextEditorRevealType.InCenter);
}
