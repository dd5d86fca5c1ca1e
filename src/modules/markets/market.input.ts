import { z } from 'zod';
import { AppError, currencies, isCurrency, isStorable, notStorable } from '../../kernel/index.js';
import type { AdminInput } from '../users/index.js';
import { loadingSuffix } from './market.turn.js';

/** What RunAm takes in a market. Basis points are hundredths of a percent. */
export interface MarketFees {
  /** Of the service part of a delivery, 0 to 10,000. */
  readonly commissionBps: number;
  /** Of the commission, 0 to 10,000. Commission and VAT together take no more than the whole service part. */
  readonly vatBps: number;
  /** Of the gross of an errand that is called off late, 0 to 10,000. */
  readonly cancellationBps: number;
  /** Minutes after funding within which calling off costs nothing. */
  readonly freeCancelMinutes: number;
  /** Minor units for each payout. */
  readonly payoutFee: bigint;
}

export interface NewMarket {
  /** 2 to 40 of a-z, 0-9 and hyphen; never changed. */
  readonly slug: string;
  /** One line of 1 to 80 characters. */
  readonly name: string;
  /** ISO 4217. */
  readonly currency: string;
  /** What is left out is as in `standardFees`. */
  readonly fees?: Partial<MarketFees>;
  readonly admin: AdminInput;
}

/** Of a market that is opened without others, and of the demo. */
export const standardFees = {
  commissionBps: 1250,
  vatBps: 750,
  cancellationBps: 1000,
  freeCancelMinutes: 15,
  payoutFee: 2_500n,
} as const satisfies MarketFees;

/** As the database has it. */
export const slugPattern = /^[a-z0-9-]{2,40}$/;
const nameLengthMax = 80;
const bpsMax = 10_000;
/** Commission and the VAT on it, in basis points of basis points: the whole service part. */
const wholeBpsSquared = 100_000_000;
const minutesMax = 2 ** 31 - 1;
const payoutFeeMax = 1_000_000_000_000n;

/** @throws AppError BAD_INPUT with every fault of the market; its admin's are for the rules of accounts */
export function parseMarket({ slug, name, currency, fees = {} }: NewMarket): z.output<typeof marketSchema> {
  return parsed(marketSchema, { slug, name, currency, fees: { ...standardFees, ...fees } });
}

/** @throws AppError BAD_INPUT with every fault */
export function parseFees(fees: MarketFees): MarketFees {
  return parsed(feesSchema, fees);
}

const bps = z
  .int({ error: `takes whole basis points from 0 to ${bpsMax}.` })
  .min(0, { error: `takes whole basis points from 0 to ${bpsMax}.` })
  .max(bpsMax, { error: `takes whole basis points from 0 to ${bpsMax}.` });

const feesSchema = z
  .object({
    commissionBps: bps,
    vatBps: bps,
    cancellationBps: bps,
    freeCancelMinutes: z
      .number()
      .refine((minutes) => Number.isInteger(minutes) && minutes >= 0 && minutes <= minutesMax, {
        error: `takes whole minutes from 0 to ${minutesMax}.`,
      }),
    payoutFee: z.bigint().refine((fee) => fee >= 0n && fee <= payoutFeeMax, {
      error: `takes minor units from 0 to ${payoutFeeMax}.`,
    }),
  })
  .refine(({ commissionBps, vatBps }) => commissionBps * (bpsMax + vatBps) <= wholeBpsSquared, {
    path: ['commissionBps'],
    error: 'and the VAT on it take more than the whole of what a runner earns; lower one of them.',
  });

const marketSchema = z.object({
  slug: z
    .string()
    .regex(slugPattern, { error: 'takes 2 to 40 of a-z, 0-9 and hyphen.' })
    .refine((slug) => !slug.endsWith(loadingSuffix), {
      error: `does not end in ${loadingSuffix}: so end those of markets that are being loaded.`,
    }),
  name: z
    .string()
    .trim()
    .refine((name) => isStorable(name), { error: notStorable })
    .refine((name) => name.length > 0 && [...name].length <= nameLengthMax && !/\p{Cc}/u.test(name), {
      error: `takes one line of 1 to ${nameLengthMax} characters.`,
    }),
  currency: z.string().refine(isCurrency, { error: `takes one of ${currencies.join(', ')}.` }),
  fees: feesSchema,
});

function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  const summary = fields.map(({ path, message }) => `${path}: ${message}`).join(' ');
  throw new AppError('BAD_INPUT', summary, { fields });
}
