// The tailscope program: found, or asked for.
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as vscode from 'vscode';
import { Found, findProgram } from './plain/binary';

export function settings(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration('tailscope');
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

export function find(context: vscode.ExtensionContext): Found {
  return findProgram({
    setting: settings().get('path', ''),
    extensionPath: context.extensionPath,
    pathVariable: process.env.PATH ?? '',
    workspaceFolder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
    homeFolder: os.homedir(),
    windows: process.platform === 'win32',
    isExecutable,
  });
}

/** The program; when it is missing, says so with a way to the setting, and gives undefined. */
export function findOrSay(context: vscode.ExtensionContext): string | undefined {
  const found = find(context);
  if ('program' in found) return found.program;
  void say(found.problem);
  return undefined;
}

export async function say(problem: string): Promise<void> {
  const open = 'Open setting';
  if ((await vscode.window.showErrorMessage(problem, open)) === open) {
    await vscode.commands.executeCommand('workbench.action.openSettings', 'tailscope.path');
  }
}
