import { decimalsOf, type Clock, type Money } from '../../../src/kernel/index.js';
import { flutterwaveSignature } from '../../../src/modules/providers/flutterwave.webhook.js';
import { bodyOf, type HttpReply, type HttpRequest } from '../../../src/modules/providers/http.serve.js';
import { createSandboxBook } from '../../../src/modules/providers/sandbox.book.js';
import type { BookLine } from '../../../src/modules/providers/sandbox.lines.js';
import { magicAccounts } from '../../../src/modules/providers/sandbox.magic.js';
import type { BookCharge, BookTransfer } from '../../../src/modules/providers/sandbox.state.js';
import type { Webhook } from '../../../src/modules/providers/webhook.post.js';
import { minorOf, type ProviderDouble } from './provider.double.js';

const chargeStates = { PENDING: 'pending', SUCCEEDED: 'successful', FAILED: 'failed', REVERSED: 'successful' } as const;
const transferStates = {
  PENDING: 'PENDING',
  NEEDS_OTP: 'NEW',
  PAID: 'SUCCESSFUL',
  FAILED: 'FAILED',
  REVERSED: 'REVERSED',
} as const;

/** Speaks the shapes of Flutterwave's version 3, in major units, over a book of its own. */
export function createFlutterwaveDouble(clock: Clock, secretKey: string, webhookSecret: string): ProviderDouble {
  const webhooks: Webhook[] = [];
  const book = createSandboxBook({
    clock,
    onLine(line) {
      const event = eventOf(line);
      if (event) webhooks.push(signed(webhookSecret, event));
    },
  });
  return { book, webhooks, handle, notFound };

  function handle(request: HttpRequest): HttpReply {
    if (request.headers['authorization'] !== `Bearer ${secretKey}`) return no(401, 'Invalid authorization key');
    const body = bodyOf(request);
    switch (`${request.method} ${request.path}`) {
      case 'POST /v3/accounts/resolve':
        return resolved(String(body['account_number']));
      case 'POST /v3/transfers':
        return transfer(request);
      case 'GET /v3/transfers':
        return transfers(request.query.get('reference'));
      case 'POST /v3/payments':
        return payment(request);
      case 'GET /v3/transactions/verify_by_reference':
        return verified(request.query.get('tx_ref') ?? '');
      case 'GET /v3/chargebacks':
        return list(request.query.get('status') === 'lost' ? chargebacks() : []);
      case 'GET /v3/transactions':
        return list(charges().map(chargeView));
      default:
        return no(404, 'Route does not exist');
    }
  }

  function transfer(request: HttpRequest): HttpReply {
    const { reference, currency, account_number: accountNumber } = bodyOf(request);
    if (accountNumber === magicAccounts.unresolvable) return no(400, 'Account resolve failed');
    const amount = minorOf(amountText(request), String(currency));
    const details = { reference: String(reference), amount, accountNumber: String(accountNumber) };
    if (!book.transfer(details)) return no(400, 'Transfer with reference already exists');
    const made = book.transferOf(String(reference));
    return made ? yes('Transfer Queued Successfully', { ...transferView(made), status: 'NEW' }) : no(400, 'lost');
  }

  function transfers(reference: string | null): HttpReply {
    const references = reference === null ? book.items().map((item) => item.reference) : [reference];
    return list([...new Set(references)].flatMap((one) => book.transferOf(one) ?? []).map(transferView));
  }

  function payment(request: HttpRequest): HttpReply {
    const { tx_ref: reference, currency, customer } = bodyOf(request);
    const { email } = customer as { readonly email: string };
    book.charge({ reference: String(reference), amount: minorOf(amountText(request), String(currency)), email });
    return yes('Hosted Link', { link: `https://checkout.example/${String(reference)}` });
  }

  function verified(reference: string): HttpReply {
    const charge = book.chargeOf(reference);
    return charge ? yes('Transaction fetched successfully', chargeView(charge)) : notFoundCharge;
  }

  function chargebacks(): object[] {
    return book
      .items()
      .filter(({ kind }) => kind === 'chargeback')
      .map(({ reference, amount, at }, row) => ({
        id: 1_390 + row,
        tx_ref: reference,
        amount: major(amount),
        status: 'lost',
        stage: 'new',
        created_at: at.toISOString(),
        meta: { history: [{ action: 'lost', stage: 'new', date: at.toISOString() }] },
      }));
  }

  function charges(): BookCharge[] {
    return book.items().flatMap(({ kind, reference }) => (kind === 'charge' ? (book.chargeOf(reference) ?? []) : []));
  }
}

function notFound({ path }: HttpRequest): HttpReply {
  return path === '/v3/transfers' ? list([]) : notFoundCharge;
}

function eventOf(line: BookLine): object | undefined {
  if (line.type === 'charge.succeeded' || line.type === 'charge.failed')
    return { event: 'charge.completed', data: { tx_ref: line.reference } };
  if (line.type === 'transfer.paid' || line.type === 'transfer.failed')
    return { event: 'transfer.completed', data: { reference: line.reference } };
  return undefined;
}

function signed(secret: string, event: object): Webhook {
  const body = JSON.stringify(event);
  return { headers: { 'flutterwave-signature': flutterwaveSignature(secret, body) }, body };
}

/** The amount as it was written, before any float has seen it. */
function amountText({ body }: HttpRequest): string {
  return /"amount":([\d.]+)/.exec(body.toString())?.[1] ?? 'none';
}

function chargeView({ reference, paid, asked, fee, state, reason, createdAt }: BookCharge): object {
  return {
    id: 4_975_363,
    tx_ref: reference,
    status: chargeStates[state],
    amount: major(paid ?? asked),
    app_fee: major({ minor: fee, currency: asked.currency }),
    currency: asked.currency,
    processor_response: reason ?? 'success',
    created_at: createdAt.toISOString(),
  };
}

function transferView({ reference, amount, fee, state, reason, createdAt }: BookTransfer): object {
  return {
    id: 26_251,
    reference,
    status: transferStates[state],
    amount: major(amount),
    fee: major({ minor: fee, currency: amount.currency }),
    currency: amount.currency,
    complete_message: reason ?? '',
    created_at: createdAt.toISOString(),
  };
}

/** As Flutterwave writes it: a JSON number of major units. */
function major({ minor, currency }: Money): number {
  return Number(minor) / 10 ** decimalsOf(currency);
}

function resolved(accountNumber: string): HttpReply {
  if (accountNumber === magicAccounts.unresolvable)
    return no(400, 'Sorry, that account number is invalid, please check and try again');
  return yes('Account details fetched', { account_number: accountNumber, account_name: 'ADA OBI' });
}

const notFoundCharge = no(400, 'No transaction was found for this id');

function list(data: readonly object[]): HttpReply {
  const meta = { page_info: { total: data.length, current_page: 1, total_pages: 1 } };
  return { status: 200, body: { status: 'success', message: 'Fetched', meta, data } };
}

function yes(message: string, data: object): HttpReply {
  return { status: 200, body: { status: 'success', message, data } };
}

function no(status: number, message: string): HttpReply {
  return { status, body: { status: 'error', message, data: null } };
}
