import type { Money } from '../../kernel/index.js';

/** One thing that happens to a charge or transfer by itself, once the clock says so. */
export interface PlannedStep {
  readonly after: 'now' | 'aWhile';
  readonly to: 'succeed' | 'fail' | 'reverse';
  /** Minor units that arrive, when they are not those that were asked for. */
  readonly minor?: bigint;
  readonly reason?: string;
}

export interface TransferPlan {
  readonly needsOtp: boolean;
  readonly steps: readonly PlannedStep[];
}

/** How long `aWhile` is; in milliseconds. */
export const aWhileMs = 5_000;

/** Account numbers that decide how a transfer goes; every other one is paid at once. */
export const magicAccounts = {
  unresolvable: '0000000001',
  fails: '0000000002',
  staysPending: '0000000003',
  reversedLater: '0000000004',
  needsOtp: '0000000005',
  paidLater: '0000000006',
} as const;

/** Amounts in minor units that decide how a charge goes, named by what the two last digits mean on cards (ISO 8583). */
export const magicAmounts = {
  declined: 10_051n,
  staysPending: 10_068n,
  succeedsLater: 10_009n,
  halfArrives: 10_010n,
} as const;

/** The same by the part of an e-mail address before `@` and `+`. */
export const magicEmails = {
  declined: 'declined',
  staysPending: 'pending',
  succeedsLater: 'late',
  halfArrives: 'half',
} as const;

type ChargeScenario = keyof typeof magicAmounts;

const chargePlans: Readonly<Record<ChargeScenario, (amount: Money) => readonly PlannedStep[]>> = {
  declined: () => [{ after: 'now', to: 'fail', reason: 'the card was declined: insufficient funds' }],
  staysPending: () => [],
  succeedsLater: () => [{ after: 'aWhile', to: 'succeed' }],
  halfArrives: ({ minor }) => [{ after: 'now', to: 'succeed', minor: minor > 1n ? minor / 2n : minor }],
};

const paidNow: PlannedStep = { after: 'now', to: 'succeed' };

const transferPlans: ReadonlyMap<string, TransferPlan> = new Map<string, TransferPlan>([
  [magicAccounts.fails, stepsOnly({ after: 'now', to: 'fail', reason: 'the bank refused the account' })],
  [magicAccounts.staysPending, stepsOnly()],
  [
    magicAccounts.reversedLater,
    stepsOnly(paidNow, { after: 'aWhile', to: 'reverse', reason: 'the bank sent the money back' }),
  ],
  [magicAccounts.needsOtp, { needsOtp: true, steps: [] }],
  [magicAccounts.paidLater, stepsOnly({ after: 'aWhile', to: 'succeed' })],
]);

/** What becomes of a charge; the e-mail address is looked at before the amount. */
export function planOfCharge(amount: Money, email: string): readonly PlannedStep[] {
  const name = email.toLowerCase().split(/[@+]/)[0];
  const scenarios = Object.keys(magicAmounts) as ChargeScenario[];
  const scenario =
    scenarios.find((candidate) => magicEmails[candidate] === name) ??
    scenarios.find((candidate) => magicAmounts[candidate] === amount.minor);
  return scenario ? chargePlans[scenario](amount) : [paidNow];
}

export function planOfTransfer(accountNumber: string): TransferPlan {
  return transferPlans.get(accountNumber) ?? stepsOnly(paidNow);
}

function stepsOnly(...steps: readonly PlannedStep[]): TransferPlan {
  return { needsOtp: false, steps };
}
