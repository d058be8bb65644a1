// Where the tailscope program is. No vscode in here: see test/binary.test.ts.
import * as path from 'node:path';

export interface Places {
  /** The setting `tailscope.path`; empty when it is not set. */
  setting: string;
  /** The extension's folder, which may hold a program in `bin/`. */
  extensionPath: string;
  /** The environment variable PATH. */
  pathVariable: string;
  /** The folder that a relative setting is relative to. */
  workspaceFolder?: string;
  homeFolder: string;
  windows: boolean;
  /** Whether a file is there and may be executed. */
  isExecutable(file: string): boolean;
}

/** The program, or a sentence that says why there is none. */
export type Found = { program: string } | { problem: string };

export function findProgram(places: Places): Found {
  const flavour = places.windows ? path.win32 : path.posix;
  const name = places.windows ? 'tailscope.exe' : 'tailscope';
  if (places.setting.trim() !== '') {
    const program = expand(places.setting.trim(), places, flavour);
    if (places.isExecutable(program)) return { program };
    return { problem: `The setting tailscope.path names ${program}, but there is no program there.` };
  }
  const bundled = flavour.join(places.extensionPath, 'bin', name);
  if (places.isExecutable(bundled)) return { program: bundled };
  for (const folder of places.pathVariable.split(flavour.delimiter)) {
    // A relative folder on the PATH would run whatever the opened folder holds.
    if (!flavour.isAbsolute(folder)) continue;
    const program = flavour.join(folder, name);
    if (places.isExecutable(program)) return { program };
  }
  return {
    problem:
      'The tailscope program was not found: it is neither in the extension nor on the PATH. ' +
      'Install it, or say in the setting tailscope.path where it is.',
  };
}

function expand(setting: string, places: Places, flavour: path.PlatformPath): string {
  const home = setting.replace(/^~(?=$|[/\\])/, places.homeFolder);
  const whole = home.replaceAll('${workspaceFolder}', places.workspaceFolder ?? '${workspaceFolder}');
  if (flavour.isAbsolute(whole) || !places.workspaceFolder) return whole;
  return flavour.join(places.workspaceFolder, whole);
}
