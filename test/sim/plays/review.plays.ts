import { sees } from '../model/rules.js';
import { dayMs, endStates, type Errand, type Person, type ReviewGiven } from '../model/world.js';
import { anybody, byLabel, isPartyOf, type Hand, type Play, type Seen } from './attempt.js';

const windowMs = 14 * dayMs;

/** Of errands that were called off it says nothing: the model does not keep when they were. */
export const review: Play = {
  name: 'reviewUser',
  weight: 6,
  draw(hand) {
    const { world, random, isWild } = hand;
    const known = world.errands
      .slice(-60)
      .filter(({ state }) => state === 'COMPLETED' || (isWild && !endStates.includes(state)));
    if (known.length === 0) return undefined;
    const errand = random.pick(known);
    const by = isWild ? anybody(hand, errand) : random.chance(50) ? errand.customer : errand.runner;
    const stars = isWild && random.chance(20) ? random.pick([0, 6, -1]) : random.int(1, 5);
    const party = by && isPartyOf(errand, by);
    const own = party && errand.reviews[party];
    const expectedVersion = random.chance(own ? 60 : 10)
      ? (own?.version ?? 0) + (isWild ? random.pick([0, 1]) : 0)
      : undefined;
    const refusal = refusalOf(errand, by, stars, expectedVersion, hand);
    return {
      label: `reviewUser ${errand.name} ${stars}${expectedVersion === undefined ? '' : ` v${expectedVersion}`} ${byLabel(by)}`,
      by,
      document:
        'mutation ($errandId: ID!, $input: ReviewInput!, $expectedVersion: Int, $key: String) { reviewUser(errandId: $errandId, input: $input, expectedVersion: $expectedVersion, idempotencyKey: $key) { isReplay review { id version } } }',
      variables: { errandId: errand.id, input: { stars, text: 'As it was.' }, expectedVersion },
      about: errand,
      isKeyed: true,
      predicted: refusal ? { refused: [refusal] } : { done: () => given(errand, party!, hand.nowMs) },
    };
  },
};

function refusalOf(
  errand: Errand,
  by: Person | undefined,
  stars: number,
  expectedVersion: number | undefined,
  { nowMs }: Hand,
): string | undefined {
  if (!by) return 'UNAUTHENTICATED';
  if (stars < 1 || stars > 5) return 'BAD_INPUT';
  if (by.market !== errand.market || !sees(by, errand)) return 'NOT_FOUND';
  const party = isPartyOf(errand, by);
  if (!party) return 'FORBIDDEN';
  const own = errand.reviews[party];
  const isOver = errand.completedAtMs === undefined || errand.completedAtMs + windowMs <= nowMs;
  if (isOver || (own && own.visibleAtMs <= nowMs)) return 'ILLEGAL_TRANSITION';
  if (own && expectedVersion === undefined) return 'ALREADY_EXISTS';
  return expectedVersion === own?.version ? undefined : 'VERSION_CONFLICT';
}

/** The second of two shows both; until then a review may be replaced. */
function given(errand: Errand, party: 'customer' | 'runner', nowMs: number): Seen {
  const { reviews } = errand;
  const [own, other] = [reviews[party], reviews[party === 'customer' ? 'runner' : 'customer']];
  const kept: ReviewGiven = own ?? { version: 0, visibleAtMs: other ? nowMs : errand.completedAtMs! + windowMs };
  kept.version += 1;
  reviews[party] = kept;
  if (!own && other) Object.assign(other, { version: other.version + 1, visibleAtMs: nowMs });
  return { review: kept };
}
