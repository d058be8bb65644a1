// Where VS Code comes in. Whatever is shown comes from the tailscope program: its debug adapter
// (`tailscope dap`) and its language server (`tailscope lsp`).
import * as vscode from 'vscode';
import { registerCommands } from './commands';
import { registerDebugger } from './debug';
import { Server } from './languageServer';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const own = new Server(context);
  server = own;
  registerDebugger(context);
  registerCommands(context, own);
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((event) => {
      const restarts = ['path', 'languageServer', 'inlayHints', 'codeLens'];
      if (restarts.some((key) => event.affectsConfiguration(`tailscope.${key}`))) void own.restart();
    }),
  );
  await own.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}
