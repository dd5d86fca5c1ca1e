import type { PayoutAccount as PayoutAccountRow, PayoutAccountStatus } from '../../db/index.js';

/** Where a user is paid out to, without the number: what leaves the module. */
export type PayoutAccount = Readonly<Omit<PayoutAccountRow, 'numberSealed' | 'keyId' | 'numberHash'>>;
export type { PayoutAccountStatus };

export const payoutAccountStatuses = ['ACTIVE', 'REMOVED'] as const satisfies readonly PayoutAccountStatus[];

/** Reads everything but the number, which so cannot be handed on. */
export const withoutNumber = { numberSealed: true, keyId: true, numberHash: true } as const;
