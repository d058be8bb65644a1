// The language client.
import * as vscode from 'vscode';
import { LanguageClient, LanguageClientOptions } from 'vscode-languageclient/node';
import { findOrSay, settings } from './program';

export class Server {
  private client: LanguageClient | undefined;
  /** Starts and stops follow each other: the settings may change while one is under way. */
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly context: vscode.ExtensionContext) {}

  restart(): Promise<void> {
    this.last = this.last.then(() => this.stopNow()).then(() => this.startNow());
    return this.last;
  }

  stop(): Promise<void> {
    this.last = this.last.then(() => this.stopNow());
    return this.last;
  }

  /** The running client. */
  async running(): Promise<LanguageClient | undefined> {
    await this.last;
    return this.client;
  }

  private async startNow(): Promise<void> {
    if (!settings().get('languageServer', true)) return;
    const program = findOrSay(this.context);
    if (program === undefined) return;
    const client = new LanguageClient('tailscope', 'Tailscope', { command: program, args: ['lsp'] }, options());
    try {
      await client.start();
      this.client = client;
    } catch (error) {
      void vscode.window.showErrorMessage(`The language server of ${program} did not start: ${String(error)}`);
    }
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    // A server that does not answer is killed by then; there is nothing else to do about it.
    await client?.dispose(2000).catch(() => undefined);
  }
}

function options(): LanguageClientOptions {
  return {
    documentSelector: [
      { language: 'python', scheme: 'file' },
      { language: 'python', scheme: 'untitled' },
      { scheme: 'tailscope-bytecode' },
    ],
    initializationOptions: { showBytecodeCommand: true },
    middleware: {
      provideInlayHints: (document, range, token, next) =>
        settings().get('inlayHints', true) ? next(document, range, token) : [],
      provideCodeLenses: (document, token, next) =>
        settings().get('codeLens', true) ? next(document, token) : [],
    },
  };
}
