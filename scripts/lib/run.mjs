import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json, with a closing slash. */
export const rootDir = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs one program in the project folder and keeps its output back: it is shown only when the program fails.
 * @returns {Promise<string>} what it wrote to stdout
 * @throws {CommandFailed} when it cannot be started or ends with another status than 0
 */
export function runQuietly(command, args, { env = {}, cwd = rootDir } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout = [];
    const all = [];
    child.stdout.on('data', (chunk) => (stdout.push(chunk), all.push(chunk)));
    child.stderr.on('data', (chunk) => all.push(chunk));
    child.once('error', (error) => reject(new CommandFailed(`${command} could not be started: ${error.message}`, '')));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(stdout).toString());
      const shown = [command, ...args].join(' ');
      reject(new CommandFailed(`"${shown}" ended with ${signal ?? `status ${code}`}.`, Buffer.concat(all).toString()));
    });
  });
}

export class CommandFailed extends Error {
  constructor(message, output) {
    super(message);
    this.name = 'CommandFailed';
    this.output = output;
  }
}
