import { createHash, timingSafeEqual } from 'node:crypto';
import { currencies, isCurrency, type Money } from '../../kernel/index.js';
import { bodyOf, type HttpHandler, type HttpReply, type HttpRequest } from './http.serve.js';
import type { SandboxBook } from './sandbox.book.js';
import { magicAccounts } from './sandbox.magic.js';
import type { BookCharge, BookTransfer } from './sandbox.state.js';

export interface SandboxHandlerDeps {
  readonly book: SandboxBook;
  /** What callers show as `Authorization: Bearer {key}`. */
  readonly key: string;
}

type Route = readonly [method: string, path: RegExp, answer: (request: HttpRequest, names: string[]) => HttpReply];

const referencePattern = /^[A-Za-z0-9\-._=]{1,100}$/;
const accountPattern = /^\d{6,20}$/;
const bankPattern = /^[A-Za-z0-9]{1,20}$/;

/** The sandbox's HTTP API over its book. Amounts are minor units as text. docs/providers.md has all of it. */
export function createSandboxHandler({ book, key }: SandboxHandlerDeps): HttpHandler {
  const routes: readonly Route[] = [
    ['GET', /^\/accounts\/resolve$/, ({ query }) => resolve(query)],
    ['POST', /^\/charges$/, (request) => postCharge(book, request)],
    ['GET', /^\/charges\/([^/]+)$/, (_, [reference = '']) => found(book.chargeOf(reference), chargeView)],
    ['POST', /^\/transfers$/, (request) => postTransfer(book, request)],
    ['GET', /^\/transfers\/([^/]+)$/, (_, [reference = '']) => found(book.transferOf(reference), transferView)],
    ['GET', /^\/book$/, ({ query }) => readBook(book, query)],
    ['POST', /^\/control\/(charges|transfers)\/([^/]+)\/(\w+)$/, (request, names) => control(book, request, names)],
  ];
  const wanted = digest(`Bearer ${key}`);
  return (request) => {
    if (request.method === 'GET' && request.path === '/health') return { status: 200, body: { status: 'ok' } };
    if (!timingSafeEqual(digest(request.headers['authorization'] ?? ''), wanted))
      return refusal(401, 'unauthorized', 'show the key as Authorization: Bearer <key>');
    for (const [method, path, answer] of routes) {
      const match = method === request.method ? path.exec(request.path) : null;
      if (match) return answer(request, match.slice(1).map(decodeURIComponent));
    }
    return refusal(404, 'no_route', `there is no ${request.method} ${request.path}`);
  };
}

function resolve(query: URLSearchParams): HttpReply {
  const [number, bank] = [query.get('accountNumber') ?? '', query.get('bankCode') ?? ''];
  if (!accountPattern.test(number)) return refusal(422, 'bad_account', 'accountNumber: takes 6 to 20 digits');
  if (!bankPattern.test(bank)) return refusal(422, 'bad_bank', 'bankCode: takes 1 to 20 letters and digits');
  if (number === magicAccounts.unresolvable)
    return refusal(422, 'unknown_account', 'the bank knows no account with this number');
  return { status: 200, body: { accountNumber: number, bankCode: bank, accountName: accountNameOf(number) } };
}

/** `ADA OBI 0123`: the same name for the same number, always. */
function accountNameOf(number: string): string {
  const names = ['ADA OBI', 'BOLA ADE', 'CHIDI EZE', 'DAYO ALABI', 'EFE ODIA'];
  return `${names[Number(number.slice(-2)) % names.length]} ${number.slice(-4)}`;
}

function postCharge(book: SandboxBook, request: HttpRequest): HttpReply {
  const { reference, email, amountMinor, currency } = bodyOf(request);
  const amount = amountOf(amountMinor, currency);
  if (typeof amount === 'string') return refusal(422, 'bad_amount', amount);
  if (typeof reference !== 'string' || !referencePattern.test(reference)) return badReference;
  if (typeof email !== 'string' || !email.includes('@')) return refusal(422, 'bad_email', 'email: takes an address');
  const isNew = book.charge({ reference, email, amount });
  return posted(isNew, book.chargeOf(reference), chargeView);
}

function postTransfer(book: SandboxBook, request: HttpRequest): HttpReply {
  const { reference, accountNumber, bankCode, amountMinor, currency } = bodyOf(request);
  const amount = amountOf(amountMinor, currency);
  if (typeof amount === 'string') return refusal(422, 'bad_amount', amount);
  if (typeof reference !== 'string' || !referencePattern.test(reference)) return badReference;
  if (typeof accountNumber !== 'string' || !accountPattern.test(accountNumber))
    return refusal(422, 'bad_account', 'accountNumber: takes 6 to 20 digits, as text');
  if (typeof bankCode !== 'string' || !bankPattern.test(bankCode))
    return refusal(422, 'bad_bank', 'bankCode: takes 1 to 20 letters and digits, as text');
  if (accountNumber === magicAccounts.unresolvable && !book.transferOf(reference))
    return refusal(422, 'unknown_account', 'the bank knows no account with this number');
  const isNew = book.transfer({ reference, amount, accountNumber });
  return posted(isNew, book.transferOf(reference), transferView);
}

const badReference = refusal(422, 'bad_reference', 'reference: takes 1 to 100 of A-Z a-z 0-9 - . _ =');

function readBook(book: SandboxBook, query: URLSearchParams): HttpReply {
  const [from, until] = [dateOf(query.get('from')), dateOf(query.get('until'))];
  if (from === null || until === null) return refusal(422, 'bad_time', 'from and until: take ISO 8601 times');
  const items = book.items(from, until).map(({ kind, reference, eventId, amount, fee, at }) => ({
    kind,
    reference,
    ...(eventId !== undefined && { eventId }),
    amountMinor: amount.minor.toString(),
    feeMinor: fee.minor.toString(),
    currency: amount.currency,
    at: at.toISOString(),
  }));
  return { status: 200, body: { items } };
}

function control(book: SandboxBook, request: HttpRequest, [kind = '', reference = '', act = '']: string[]): HttpReply {
  const { amountMinor, reason } = bodyOf(request);
  const minor = typeof amountMinor === 'string' && /^\d{1,18}$/.test(amountMinor) ? BigInt(amountMinor) : undefined;
  if (amountMinor !== undefined && minor === undefined)
    return refusal(422, 'bad_amount', 'amountMinor: takes minor units as text');
  const why = typeof reason === 'string' ? reason : undefined;
  const acts: Readonly<Record<string, (() => boolean) | undefined>> =
    kind === 'charges'
      ? {
          settle: () => book.succeedCharge(reference, minor),
          fail: () => book.failCharge(reference, why),
          chargeback: () => book.chargeBack(reference, minor, why),
          reverse: () => book.reverseCharge(reference, why),
        }
      : {
          settle: () => book.payTransfer(reference, minor),
          fail: () => book.failTransfer(reference, why),
          reverse: () => book.reverseTransfer(reference, why),
          otp: () => book.confirmTransfer(reference),
        };
  const perform = Object.hasOwn(acts, act) ? acts[act] : undefined;
  if (!perform) return refusal(404, 'no_route', `${kind} take ${Object.keys(acts).join(', ')}`);
  const isDone = perform();
  const reply =
    kind === 'charges' ? found(book.chargeOf(reference), chargeView) : found(book.transferOf(reference), transferView);
  if (reply.status === 404 || isDone) return reply;
  return refusal(409, 'not_allowed', `what ${reference} is now does not allow ${act}`);
}

function posted<Entry>(isNew: boolean, entry: Entry | undefined, view: (entry: Entry) => object): HttpReply {
  if (!isNew) return refusal(409, 'duplicate_reference', 'the reference was used before; nothing was done again');
  return { status: 201, body: entry ? view(entry) : {} };
}

function found<Entry>(entry: Entry | undefined, view: (entry: Entry) => object): HttpReply {
  return entry ? { status: 200, body: view(entry) } : notFoundReply;
}

/** What is said of a reference that the book does not hold. */
export const notFoundReply = refusal(404, 'not_found', 'the book holds nothing with this reference');

function chargeView({ id, reference, asked, paid, fee, state, reason, createdAt }: BookCharge) {
  return {
    id,
    reference,
    status: state,
    amountMinor: (paid ?? asked).minor.toString(),
    feeMinor: fee.toString(),
    currency: asked.currency,
    reason: reason ?? null,
    createdAt: createdAt.toISOString(),
  };
}

function transferView({ id, reference, amount, fee, state, reason, createdAt }: BookTransfer) {
  return {
    id,
    reference,
    status: state,
    amountMinor: amount.minor.toString(),
    feeMinor: fee.toString(),
    currency: amount.currency,
    reason: reason ?? null,
    createdAt: createdAt.toISOString(),
  };
}

/** @returns the amount, or what is wrong with it */
function amountOf(minor: unknown, currency: unknown): Money | string {
  if (typeof currency !== 'string' || !isCurrency(currency)) return `currency: takes one of ${currencies.join(', ')}`;
  if (typeof minor !== 'string' || !/^[1-9]\d{0,17}$/.test(minor))
    return 'amountMinor: takes minor units above 0 as text, up to 18 digits';
  return { minor: BigInt(minor), currency };
}

/** @returns undefined when there is none, null when it cannot be read */
function dateOf(text: string | null): Date | undefined | null {
  if (text === null) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

function refusal(status: number, code: string, message: string): HttpReply {
  return { status, body: { error: code, message } };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
