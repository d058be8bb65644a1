// The debugger: configurations, and the adapter's process.
import * as vscode from 'vscode';
import { completed, currentFile, problem } from './plain/launch';
import { find } from './program';

class Configurations implements vscode.DebugConfigurationProvider {
  provideDebugConfigurations(): vscode.DebugConfiguration[] {
    return [currentFile() as vscode.DebugConfiguration];
  }

  resolveDebugConfiguration(_folder: unknown, given: vscode.DebugConfiguration): vscode.DebugConfiguration | undefined {
    const language = vscode.window.activeTextEditor?.document.languageId;
    const launch = completed(given, language) as vscode.DebugConfiguration;
    // Nothing to go by: VS Code then offers to write a launch.json.
    if (!launch.type) return launch;
    const wrong = problem(launch);
    if (wrong === undefined) return launch;
    void vscode.window.showErrorMessage(wrong);
    return undefined;
  }
}

export function registerDebugger(context: vscode.ExtensionContext): void {
  const configurations = new Configurations();
  const { Initial, Dynamic } = vscode.DebugConfigurationProviderTriggerKind;
  context.subscriptions.push(
    vscode.debug.registerDebugConfigurationProvider('tailscope', configurations, Initial),
    vscode.debug.registerDebugConfigurationProvider('tailscope', configurations, Dynamic),
    vscode.debug.registerDebugAdapterDescriptorFactory('tailscope', {
      createDebugAdapterDescriptor() {
        const found = find(context);
        // VS Code shows the sentence in a dialog of its own.
        if ('problem' in found) throw new Error(found.problem);
        return new vscode.DebugAdapterExecutable(found.program, ['dap']);
      },
    }),
  );
}

/** Debugs a file. */
export async function debugFile(file: vscode.Uri): Promise<void> {
  const folder = vscode.workspace.getWorkspaceFolder(file);
  const name = `Tailscope: ${vscode.workspace.asRelativePath(file)}`;
  await vscode.debug.startDebugging(folder, { type: 'tailscope', request: 'launch', name, program: file.fsPath });
}
