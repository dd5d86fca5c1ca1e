import { magicAmounts } from '../../../src/modules/providers/index.js';
import { amountMax, type Person } from '../model/world.js';
import { anybody, byLabel, drawAmount, type Attempt, type Hand, type Play } from './attempt.js';

export const topUp: Play = {
  name: 'topUpWallet',
  weight: 12,
  draw(hand) {
    const { world, random, isWild } = hand;
    const waiting = world.errands.filter(
      ({ state, customer, escrow }) =>
        state === 'AWAITING_FUNDING' && escrow && customer.wallet < escrow.service + escrow.goods,
    );
    const errand = !isWild && waiting.length > 0 ? random.pick(waiting) : undefined;
    const by =
      errand?.customer ??
      (isWild ? anybody(hand) : random.pick(world.people.filter(({ role }) => role === 'CUSTOMER')));
    if (errand)
      return topUpAttempt(hand, by, errand.escrow!.service + errand.escrow!.goods + BigInt(random.int(0, 50_000)));
    const { minor } = drawAmount(hand);
    return topUpAttempt(hand, by, random.chance(12) ? random.pick(magic) : minor);
  },
};

/** The payer has still to pay at the provider, or has paid half of it. Of other such amounts the sandbox is slow or declines. */
const magic: readonly bigint[] = [magicAmounts.staysPending, magicAmounts.staysPending, magicAmounts.halfArrives];
const avoided: ReadonlySet<bigint> = new Set([magicAmounts.declined, magicAmounts.succeedsLater]);

function topUpAttempt({ world, random, isWild }: Hand, by: Person | undefined, wanted: bigint): Attempt {
  const asked = wanted > amountMax && !isWild ? amountMax : wanted;
  const minor = avoided.has(asked) ? asked + 1n : asked;
  const market = by?.market ?? world.markets[0]!;
  const currency = isWild && random.chance(20) ? random.pick(world.markets).currency : market.currency;
  const isValid = minor >= 1n && minor <= amountMax && currency === market.currency;
  return {
    label: `topUpWallet ${minor} ${currency} ${byLabel(by)}`,
    by,
    document:
      'mutation ($input: TopUpInput!, $key: String) { topUpWallet(input: $input, idempotencyKey: $key) { isReplay providerRef wallet { balance { minor } } } }',
    variables: { input: { amount: { minor: minor.toString(), currency } } },
    about: undefined,
    isKeyed: true,
    predicted:
      by && isValid
        ? {
            done: ({ providerRef }) => {
              const isPending = minor === magicAmounts.staysPending;
              const amount = minor === magicAmounts.halfArrives ? minor / 2n : minor;
              if (!isPending) cameIn(by, amount);
              const name = `C${world.charges.length + 1}`;
              world.charges.push({
                name,
                person: by,
                providerRef: providerRef!,
                amount,
                backs: [],
                isPending,
                isReversed: false,
              });
              return { wallet: by.wallet };
            },
          }
        : { refused: [by ? 'BAD_INPUT' : 'UNAUTHENTICATED'] },
  };
}

/** Money of a payer reaches the wallet. */
export function cameIn(payer: Person, amount: bigint): void {
  payer.wallet += amount;
  payer.market.house.received += amount;
}
