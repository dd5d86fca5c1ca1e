import type { Reader } from '../../db/index.js';
import type { ProviderName } from '../providers/index.js';

/** Whose numbering each provider takes, the best first. The sandbox takes any. */
const numberings = {
  sandbox: ['sandbox', 'paystack', 'national', 'transferzero'],
  paystack: ['paystack'],
  flutterwave: ['flutterwave'],
} as const satisfies Record<ProviderName, readonly string[]>;

/** What the provider calls the bank; undefined when it has no code for it that is in force. */
export async function bankCodeFor(
  reader: Pick<Reader, 'bankCode'>,
  provider: ProviderName,
  bankId: string,
): Promise<string | undefined> {
  const takes: readonly string[] = numberings[provider];
  const where = { bankId, validTo: null, provider: { in: [...takes] } };
  const codes = await reader.bankCode.findMany({ where, orderBy: [{ provider: 'asc' }, { code: 'asc' }] });
  const [best] = codes.toSorted((one, other) => takes.indexOf(one.provider) - takes.indexOf(other.provider));
  return best?.code;
}
