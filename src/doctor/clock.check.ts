import { ok, warn, type Finding } from './finding.js';

/** Entries expire by the clock of the process that reads them, so clocks that disagree shorten or stretch times to live. */
const skewMsMax = 2000;

/** @param ourMs halfway between question and answer */
export function examineClock(check: string, theirMs: number, ourMs: number): Finding {
  const skewMs = Math.round(theirMs - ourMs);
  const detail = `its clock is ${Math.abs(skewMs)} ms ${skewMs < 0 ? 'behind' : 'ahead of'} ours`;
  if (Math.abs(skewMs) <= skewMsMax) return ok(check, detail);
  return warn(check, detail, 'Run NTP on all machines: times to live are off by this much.');
}
