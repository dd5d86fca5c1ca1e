import { handOut } from '../model/money.js';
import { receiptsMax, type Errand, type Escrow } from '../model/world.js';
import { errandPlay, type Hand, type Play } from './attempt.js';
import { document, moved } from './step.plays.js';

type Random = Hand['random'];

export const receipts: Play = errandPlay({
  name: 'addReceipts',
  weight: 6,
  idName: 'errandId',
  document: document('addReceipts', '$receipts: [ReceiptInput!]!', 'receipts: $receipts'),
  rule: { actors: ['assignedRunner'], from: ['IN_PROGRESS'] },
  who: ({ runner }) => runner,
  suits: ({ escrow }) => escrow !== undefined && escrow.goods > escrow.receipted,
  input(errand, { random, isWild, step }) {
    const { goods = 0n, receipted = 0n } = errand.escrow ?? {};
    const left = goods - receipted;
    const amounts = drawBills(random, left, isWild);
    const total = amounts.reduce((sum, amount) => (amount > 0n ? sum + amount : sum), 0n);
    const isTooMuch = errand.receipts + amounts.length > receiptsMax || total > left;
    const isBad = amounts.length === 0 || amounts.some((amount) => amount < 1n);
    const pictures = amounts.map((amount, at) => ({
      amountMinor: `${amount}`,
      sha256: `${step}`.padStart(62, '0') + `${at}`.padStart(2, '0'),
    }));
    return {
      variables: { receipts: pictures },
      label: `${amounts.length} of ${total}`,
      refused: isTooMuch ? 'LIMIT_EXCEEDED' : isBad ? 'BAD_INPUT' : undefined,
      done: () => {
        const escrow = errand.escrow!;
        errand.receipts += amounts.length;
        escrow.receipted += total;
        if (errand.goodsInAdvance) paidInAdvance(errand, escrow, total);
        return moved(errand);
      },
    };
  },
});

function drawBills(random: Random, left: bigint, isWild: boolean): readonly bigint[] {
  if (isWild && random.chance(50)) return random.pick([[], [0n], [left + 1n], [5n, -1n]]);
  const one = (left * BigInt(random.int(1, 45))) / 100n || 1n;
  return random.chance(70) || one * 2n > left ? [one] : [one, one];
}

function paidInAdvance(errand: Errand, escrow: Escrow, amount: bigint): void {
  handOut(errand, escrow, { runner: amount, customer: 0n, commission: 0n, vat: 0n, cancellation: 0n });
  escrow.advanced += amount;
  escrow.state = 'PARTIALLY_RELEASED';
}
