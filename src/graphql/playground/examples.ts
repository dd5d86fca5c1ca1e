import type { PlaygroundExample } from './example.js';
import { marketExamples } from './examples.market.js';
import { moneyExamples } from './examples.money.js';
import { roadExamples } from './examples.road.js';
import { staffExamples } from './examples.staff.js';

/**
 * They run as they stand on the demo data, in any order but where they say so, and again as often as one likes: what changes
 * something has an idempotency key.
 * @param password of the demo logins, which two of them ask for
 */
export function playgroundExamples(password: string): readonly PlaygroundExample[] {
  const examples = [...marketExamples, ...roadExamples, ...moneyExamples, ...staffExamples];
  return examples.map((example) => ({ ...example, query: example.query.replace('<password>', () => password) }));
}
