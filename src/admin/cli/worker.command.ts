import { Command } from 'commander';

export interface WorkerCommandDeps {
  /** Resolves when the worker has been told to stop, and has. */
  readonly work: () => Promise<void>;
}

/** `runam worker` */
export function workerCommand({ work }: WorkerCommandDeps): Command {
  return new Command('worker')
    .description(
      'Does the jobs of the queue beside servers with WORKER=none, until it is told to stop (SIGTERM, Ctrl-C).',
    )
    .action(work);
}
