import './lib/node-version.mjs';

const { generateClient } = await import('./lib/prisma.mjs');
const { step } = await import('./lib/progress.mjs');
const { CommandFailed } = await import('./lib/run.mjs');

try {
  await step('Generating the database client', generateClient);
} catch (error) {
  console.error(error instanceof CommandFailed ? `\n${error.output.trim()}\n\n${error.message}` : error);
  process.exitCode = 1;
}
