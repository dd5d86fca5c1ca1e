import type { Clock } from '../../../src/kernel/index.js';
import { bodyOf, type HttpReply, type HttpRequest } from '../../../src/modules/providers/http.serve.js';
import { paystackUnits } from '../../../src/modules/providers/paystack.money.js';
import { paystackSignature, paystackSignatureHeader } from '../../../src/modules/providers/paystack.webhook.js';
import { createSandboxBook } from '../../../src/modules/providers/sandbox.book.js';
import type { BookLine } from '../../../src/modules/providers/sandbox.lines.js';
import { magicAccounts } from '../../../src/modules/providers/sandbox.magic.js';
import type { BookCharge, BookTransfer } from '../../../src/modules/providers/sandbox.state.js';
import type { Webhook } from '../../../src/modules/providers/webhook.post.js';
import { moneyIn, type ProviderDouble } from './provider.double.js';

const chargeStates = { PENDING: 'abandoned', SUCCEEDED: 'success', FAILED: 'failed', REVERSED: 'reversed' } as const;
const transferStates = {
  PENDING: 'pending',
  NEEDS_OTP: 'otp',
  PAID: 'success',
  FAILED: 'failed',
  REVERSED: 'reversed',
} as const;

/** Speaks Paystack's HTTP shapes over a book of its own. */
export function createPaystackDouble(clock: Clock, secretKey: string): ProviderDouble {
  const webhooks: Webhook[] = [];
  const disputes: object[] = [];
  const accounts = new Map<string, string>();
  const book = createSandboxBook({
    clock,
    onLine(line) {
      const event = eventOf(line);
      if (event) webhooks.push(signed(secretKey, { event, data: dataOf(line) }));
    },
  });
  return { book, webhooks, handle, notFound: () => no(404, 'Transfer not found', 'transfer_not_found') };

  function handle(request: HttpRequest): HttpReply {
    if (request.headers['authorization'] !== `Bearer ${secretKey}`) return no(401, 'Invalid key');
    const body = bodyOf(request);
    const last = decodeURIComponent(request.path.split('/').at(-1) ?? '');
    switch (`${request.method} ${request.path.replace(/verify\/.*/, 'verify')}`) {
      case 'GET /bank/resolve':
        return resolved(request.query.get('account_number') ?? '');
      case 'POST /transferrecipient':
        return recipient(String(body['account_number']));
      case 'POST /transfer':
        return transfer(body);
      case 'GET /transfer/verify':
        return shown(book.transferOf(last), transferView, 'Transfer not found');
      case 'POST /transaction/initialize':
        return initialize(body);
      case 'GET /transaction/verify':
        return shown(book.chargeOf(last), chargeView, 'Transaction reference not found.');
      case 'GET /transaction':
        return listed(chargesIn().map(chargeView));
      case 'GET /dispute':
        return listed(disputes);
      case 'GET /transfer':
        return listed(transfersIn().map(transferView));
      default:
        return no(404, 'Route not found');
    }
  }

  function recipient(accountNumber: string): HttpReply {
    if (accountNumber === magicAccounts.unresolvable) return no(400, 'Account number is invalid');
    const code = `RCP_${accountNumber}`;
    accounts.set(code, accountNumber);
    return yes(201, { active: true, recipient_code: code });
  }

  function transfer(body: Readonly<Record<string, unknown>>): HttpReply {
    const accountNumber = accounts.get(String(body['recipient']));
    if (accountNumber === undefined) return no(404, 'Recipient not found');
    if (typeof body['amount'] !== 'number') return no(400, 'Amount is invalid');
    const reference = String(body['reference']);
    const amount = moneyIn(BigInt(body['amount']), String(body['currency']), (one) => paystackUnits(one));
    if (!book.transfer({ reference, amount, accountNumber }))
      return no(400, 'Please provide a unique reference. Reference already exists on a transfer');
    return shown(book.transferOf(reference), transferView, 'Transfer not found');
  }

  function initialize(body: Readonly<Record<string, unknown>>): HttpReply {
    const reference = String(body['reference']);
    const amount = moneyIn(BigInt(String(body['amount'])), String(body['currency']), (one) => paystackUnits(one));
    if (!book.charge({ reference, amount, email: String(body['email']) }))
      return no(400, 'Duplicate Transaction Reference', 'duplicate_reference');
    return yes(200, { authorization_url: `https://checkout.example/${reference}`, access_code: 'code', reference });
  }

  function chargesIn(): BookCharge[] {
    return book.items().flatMap(({ kind, reference }) => (kind === 'charge' ? (book.chargeOf(reference) ?? []) : []));
  }

  function transfersIn(): BookTransfer[] {
    return book
      .items()
      .flatMap(({ kind, reference }) => (kind === 'transfer' ? (book.transferOf(reference) ?? []) : []));
  }

  function dataOf(line: BookLine): object {
    if (line.type !== 'charge.chargedBack') return { reference: line.reference };
    const dispute = {
      id: 358_951 + disputes.length,
      refund_amount: Number(line.minor),
      currency: line.currency,
      status: 'resolved',
      resolution: 'merchant-accepted',
      resolvedAt: line.at,
      transaction: { reference: line.reference },
    };
    disputes.push(dispute);
    return dispute;
  }
}

function eventOf({ type }: BookLine): string | undefined {
  const events: Partial<Record<BookLine['type'], string>> = {
    'charge.succeeded': 'charge.success',
    'charge.chargedBack': 'charge.dispute.resolve',
    'transfer.paid': 'transfer.success',
    'transfer.failed': 'transfer.failed',
    'transfer.reversed': 'transfer.reversed',
  };
  return events[type];
}

function signed(secretKey: string, event: object): Webhook {
  const body = JSON.stringify(event);
  return { headers: { [paystackSignatureHeader]: paystackSignature(secretKey, body) }, body };
}

function chargeView({ reference, paid, asked, fee, state, reason, createdAt }: BookCharge): object {
  return {
    id: 4_099_260_516,
    reference,
    status: chargeStates[state],
    amount: Number(paystackUnits(paid ?? asked)),
    fees: Number(paystackUnits({ minor: fee, currency: asked.currency })),
    currency: asked.currency,
    gateway_response: reason ?? 'Successful',
    paid_at: createdAt.toISOString(),
  };
}

function transferView({ id, reference, amount, fee, state, reason, createdAt }: BookTransfer): object {
  return {
    transfer_code: `TRF_${id}`,
    reference,
    status: transferStates[state],
    amount: Number(paystackUnits(amount)),
    fee_charged: Number(paystackUnits({ minor: fee, currency: amount.currency })),
    currency: amount.currency,
    gateway_response: reason ?? null,
    transferred_at: createdAt.toISOString(),
    updatedAt: createdAt.toISOString(),
  };
}

function resolved(accountNumber: string): HttpReply {
  if (accountNumber === magicAccounts.unresolvable)
    return no(422, 'Could not resolve account name. Check parameters or try again.');
  return yes(200, { account_number: accountNumber, account_name: 'ADA OBI' });
}

function shown<Entry>(entry: Entry | undefined, view: (entry: Entry) => object, missing: string): HttpReply {
  return entry ? yes(200, view(entry)) : no(404, missing);
}

function listed(data: readonly object[]): HttpReply {
  return { status: 200, body: { status: true, message: 'Retrieved', data, meta: { page: 1, pageCount: 1 } } };
}

function yes(status: number, data: object): HttpReply {
  return { status, body: { status: true, message: 'OK', data } };
}

function no(status: number, message: string, code = 'error'): HttpReply {
  return { status, body: { status: false, message, code, type: 'validation_error' } };
}
