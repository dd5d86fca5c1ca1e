const frameMs = 200;

/** Does `work` and shows its name and how long it takes; on a terminal the time runs along. */
export async function step(name, work) {
  const startedMs = performance.now();
  const elapsed = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  const { isTTY } = process.stdout;
  const timer = isTTY ? setInterval(() => process.stdout.write(`\r  ${name} … ${elapsed()}`), frameMs) : undefined;
  process.stdout.write(isTTY ? `  ${name} …` : `  ${name} …\n`);
  try {
    const result = await work();
    process.stdout.write(`${isTTY ? '\r' : ''}  ${name}: done in ${elapsed()}\n`);
    return result;
  } catch (error) {
    process.stdout.write(`${isTTY ? '\r' : ''}  ${name}: failed after ${elapsed()}\n`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
