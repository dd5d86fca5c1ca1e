/** From a validated hit in this process to a statement that waits for a lock. */
export const secondsBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
];

/** A label that takes the first `count` values it meets; all further ones are `other`, so that a metric stays small. */
export function atMost(count: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= count) return 'other';
    known.add(value);
    return value;
  };
}
