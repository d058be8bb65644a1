// The debugger: configurations, and the adapter's process.
import * as vscode from 'vscode';
import { completed, currentFile, handlerCount, problem } from './plain/launch';
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

/** Has the call stack list the handlers of the last instructions, from now on. */
export async function showHandlerFrames(): Promise<void> {
  const session = vscode.debug.activeDebugSession;
  if (session?.type !== 'tailscope') {
    void vscode.window.showErrorMessage('Start debugging with Tailscope first: there is no session to show handler frames of.');
    return;
  }
  const answer = await vscode.window.showInputBox({
    title: 'Handler frames',
    prompt: 'Of how many executed instructions? 0 shows none. They appear after the next step.',
    value: '16',
    validateInput: (text) => (handlerCount(text) === undefined ? 'A number from 0 to 4096.' : undefined),
  });
  const count = answer === undefined ? undefined : handlerCount(answer);
  if (count !== undefined) await session.customRequest('tailscope/handlerFrames', { count });
}
