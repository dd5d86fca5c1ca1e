import { compileProgram } from '../support/compile.mjs';

/** The check and the servers it starts, to be run in plain Node. */
export function compileCacheCheck() {
  return compileProgram({ name: 'cache-check', entry: 'cache-check' });
}
