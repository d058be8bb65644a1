// Command lines of the tailscope program. No vscode in here.
import * as path from 'node:path';

export interface CommandLine {
  args: string[];
  cwd: string;
}

/** Profiles a file; the profile goes to `.tailscope/profiles` in the folder. */
export function profile(file: string, folder: string | undefined): CommandLine {
  return { args: ['profile', file], cwd: folder ?? path.dirname(file) };
}

/** The file of a file's newest trace. */
export function traceFile(file: string, folder: string | undefined): string {
  const name = path.basename(file, path.extname(file));
  return path.join(folder ?? path.dirname(file), '.tailscope', 'traces', `${name}.tstrace`);
}

/** Records a trace of a file. (What stands after the program would be the program's own.) */
export function trace(file: string, output: string, folder: string | undefined): CommandLine {
  return { args: ['trace', '-o', output, file], cwd: folder ?? path.dirname(file) };
}

/** Instructions of a trace shown in an editor: beyond this, the terminal and its filters serve better. */
export const SHOWN = 20_000;

/** Prints the beginning of a trace. */
export function showTrace(output: string): string[] {
  return ['trace', 'show', output, '--limit', String(SHOWN)];
}

/**
 * The document that a command is about: the active one. Where no text is active, as beside a walkthrough: a Python
 * file in view, or the only one that is open.
 */
export function documentOf<Document extends { languageId: string }>(
  active: Document | undefined,
  visible: readonly Document[],
  open: readonly Document[],
): Document | undefined {
  if (active) return active;
  const isPython = (document: Document) => document.languageId === 'python';
  const inView = visible.find(isPython);
  if (inView) return inView;
  const all = open.filter(isPython);
  return all.length === 1 ? all[0] : undefined;
}
