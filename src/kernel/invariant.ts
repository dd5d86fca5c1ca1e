/** A broken invariant is a defect of ours, never the caller's: it is masked outside and loud in the log. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}

/** Stays on in production. @throws InvariantViolation when `condition` does not hold */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}
