// Launch configurations: what a missing one is, and what is wrong with one. No vscode in here.

export interface Launch {
  type?: string;
  request?: string;
  name?: string;
  program?: unknown;
  module?: unknown;
  code?: unknown;
  cwd?: unknown;
  [key: string]: unknown;
}

/** The configuration for F5 where there is no launch.json: the file in the active editor. */
export function completed(launch: Launch, activeLanguage: string | undefined): Launch {
  const empty = !launch.type && !launch.request && !launch.name;
  if (!empty || activeLanguage !== 'python') return launch;
  return { ...launch, ...currentFile() };
}

export function currentFile(): Launch {
  return { type: 'tailscope', request: 'launch', name: 'Tailscope: current file', program: '${file}' };
}

/** A sentence that says what is wrong, or undefined. */
export function problem(launch: Launch): string | undefined {
  // What is missing there the adapter says.
  if (launch.request === 'attach') return undefined;
  if (launch.request !== 'launch') {
    return `"request" must be "launch" or "attach", not "${String(launch.request)}".`;
  }
  const given = ['program', 'module', 'code'].filter((key) => launch[key] !== undefined && launch[key] !== '');
  if (given.length === 0) return 'The launch configuration says nothing to run: set "program", "module" or "code".';
  if (given.length > 1) {
    return `The launch configuration sets ${given.map((key) => `"${key}"`).join(' and ')}: keep one of them.`;
  }
  return undefined;
}

/** How many handler frames somebody asks for, or undefined where that is no such number. */
export function handlerCount(text: string): number | undefined {
  const count = /^\s*\d{1,4}\s*$/.test(text) ? Number(text) : Number.NaN;
  return count <= 4096 ? count : undefined;
}
