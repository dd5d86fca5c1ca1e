import { Arg, createParameterDecorator, type ResolverData } from 'type-graphql';
import { canonicalJson } from '../../invalidation/index.js';
import { badInput } from '../../kernel/index.js';
import { assertDisputeVisible, type Dispute } from '../../modules/disputes/index.js';
import { assertVisible, type Errand } from '../../modules/errands/index.js';
import { assertParty, type Escrow } from '../../modules/escrows/index.js';
import {
  idempotencyKeyLengthMax,
  parseIdempotencyKey,
  type Answered,
  type KeyedCall,
} from '../../modules/idempotency/index.js';
import { assertPayoutVisible, type Payout } from '../../modules/payouts/index.js';
import type { GraphqlContext } from '../context.js';
import { keyHeader, requireOneMutation } from './key-header.js';

export interface IdempotentOptions {
  /**
   * The mutation takes more than one transaction. Its method is then given, after its own parameters, the name of the call
   * to have its effect once for, undefined without a key, and answers `isReplay` itself; see `IdempotencyService.inSteps`.
   */
  readonly inSteps?: boolean;
  /**
   * What of the arguments two calls with one key are compared by, for mutations that take secrets: what is compared is kept
   * as a plain hash, from which a password or an account number can be guessed. Default: all of them.
   */
  readonly compared?: (args: Arguments, services: GraphqlContext['services']) => unknown;
}

type Arguments = Readonly<Record<string, unknown>>;

type Method = (...params: readonly unknown[]) => Promise<Payload>;
type Payload = Readonly<Record<string, unknown>>;

/** The name of the argument. */
export const keyArgument = 'idempotencyKey';
/** Parameters reach a method in the order of their places, whatever these are. */
const behindAll = 1000;

/**
 * Lets callers repeat a mutation: it takes an `idempotencyKey`, and its payload, an object that extends `ReplayablePayload`,
 * says whether it is a replay. Authorization runs before this, for replays too. What a payload holds is as the first call
 * left it; what is reached from there and is no part of it (people, counts) is read anew, with what the viewer may see now.
 */
export function Idempotent({ inSteps = false, compared }: IdempotentOptions = {}): MethodDecorator {
  return ((prototype: object, name: string, descriptor: TypedPropertyDescriptor<Method>) => {
    const method = descriptor.value!;
    Arg(keyArgument, () => String, { nullable: true, description })(prototype, name, behindAll);
    createParameterDecorator<GraphqlContext>((data) => data)(prototype, name, behindAll + 1);

    descriptor.value = async function (...params) {
      const own = params.slice(0, -2);
      const data = params.at(-1) as ResolverData<GraphqlContext>;
      const call = callOf(data, compared);
      const run = async (callName?: string): Promise<Answered<Payload>> => {
        const { isReplay, ...answer } = await method.apply(this, inSteps ? [...own, callName] : own);
        return { answer, isReplay: isReplay === true };
      };
      const { answer, isReplay } = call ? await answerOnce(data.context, call, run, inSteps) : await run();
      if (isReplay) assertStillSeen(data.context, answer);
      showAsLeft(data.context, answer);
      return { ...answer, isReplay };
    };
    return descriptor;
  }) as MethodDecorator;
}

const description = `Yours, 1 to ${idempotencyKeyLengthMax} characters, new for each thing you want done. Repeat a call with it as often as you like: it takes effect once, and is answered the same.`;

async function answerOnce(
  { services, viewer }: GraphqlContext,
  call: KeyedCall,
  run: (callName?: string) => Promise<Answered<Payload>>,
  inSteps: boolean,
): Promise<Answered<Payload>> {
  if (inSteps) return services.idempotency.inSteps(viewer, call, run);
  return services.idempotency.once(viewer, call, async () => (await run()).answer);
}

/** Undefined when the caller gave no key. */
function callOf(
  { args, context, info }: ResolverData<GraphqlContext>,
  compared: IdempotentOptions['compared'],
): KeyedCall | undefined {
  const { [keyArgument]: given, ...asked } = args as Arguments;
  const { idempotencyKey: header } = context;
  if (header !== undefined) requireOneMutation(info);
  if (typeof given === 'string' && header !== undefined && given !== header)
    throw badInput(keyArgument, `is "${given}", and the header ${keyHeader} says "${header}": give one of them.`);
  const key = typeof given === 'string' ? parseIdempotencyKey(keyArgument, given) : header;
  if (key === undefined) return undefined;
  const request = canonicalJson(compared ? compared(asked, context.services) : asked);
  return { operation: info.fieldName, key, request };
}

/**
 * Staff act on what is not theirs, by roles that only the work itself looks at, and a replay does no work.
 * @throws AppError NOT_FOUND, as the query for it would
 */
function assertStillSeen({ viewer }: GraphqlContext, { errand, escrow, dispute, payout }: Payload): void {
  if (errand) assertVisible(viewer, errand as Errand);
  if (escrow) assertParty(viewer, escrow as Escrow);
  if (dispute) assertDisputeVisible(viewer, dispute as Dispute);
  if (payout) assertPayoutVisible(viewer, payout as Payout);
}

/** An errand, escrow or dispute that is reached from another part of the same payload is the one in the payload. */
function showAsLeft({ loaders }: GraphqlContext, { errand, escrow, dispute }: Payload): void {
  if (errand) loaders.errandById.prime((errand as Errand).id, errand as Errand);
  if (escrow) loaders.escrowByErrandId.prime((escrow as Escrow).errandId, escrow as Escrow);
  if (dispute) loaders.disputeByErrandId.prime((dispute as Dispute).errandId, dispute as Dispute);
}
