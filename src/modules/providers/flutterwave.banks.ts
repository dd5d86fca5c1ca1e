import { at, textAt } from './exact-json.js';
import { createAsk, type ApiConfig } from './http.ask.js';

/** One row of a provider's own list of banks. */
export interface ListedBank {
  readonly name: string;
  /** Text: zeros in front belong to it. */
  readonly code: string;
}

/**
 * The banks that Flutterwave pays to in a country (`GET /v3/banks/{country}`, ISO 3166-1 alpha-2).
 * @returns undefined when the list cannot be had whole
 */
export async function flutterwaveBanks(config: ApiConfig, country: string): Promise<readonly ListedBank[] | undefined> {
  const answer = await createAsk(config)('GET', `/v3/banks/${encodeURIComponent(country)}`);
  if (answer.kind !== 'answer' || answer.status !== 200 || textAt(answer.body, 'status') !== 'success')
    return undefined;
  const rows = at(answer.body, 'data');
  if (!Array.isArray(rows)) return undefined;
  const banks = rows.map((row) => ({
    name: textAt(row, 'name')?.trim() ?? '',
    code: textAt(row, 'code')?.trim() ?? '',
  }));
  return banks.every(({ name, code }) => name !== '' && /^[A-Za-z0-9-]{1,20}$/.test(code)) ? banks : undefined;
}
