import type { Logger } from '../../kernel/index.js';
import { chargesPerRound, type ChargeService } from './charge.service.js';
import type { WebhookDoor } from './inbox.door.js';
import { webhooksPerRound, type InboxService } from './inbox.service.js';

export interface PaymentsRoundOptions {
  readonly charges: Pick<ChargeService, 'checkDue'>;
  readonly inbox: Pick<InboxService, 'work' | 'forget'>;
  /** Books what was taken back and nobody told of. */
  readonly takenBack: () => Promise<number>;
  readonly logger: Logger;
}

/** One round: follows up webhooks, asks about charges that have not ended, and looks for what was taken back. */
export function createPaymentsRound({
  charges,
  inbox,
  takenBack,
  logger,
}: PaymentsRoundOptions): (goesOn: () => boolean) => Promise<void> {
  return async (goesOn) => {
    for (let taken = webhooksPerRound; taken === webhooksPerRound && goesOn();) {
      taken = await inbox.work(webhooksPerRound);
    }
    for (let taken = chargesPerRound; taken === chargesPerRound && goesOn();) {
      const { checked, ended, failed } = await charges.checkDue(chargesPerRound);
      if (ended > 0) logger.info({ charges: ended }, 'charges have ended');
      taken = checked + failed;
    }
    const found = goesOn() ? await takenBack() : 0;
    if (found > 0) logger.warn({ chargebacks: found }, 'charges were taken back, and no webhook told of it');
    await inbox.forget();
  };
}

export interface PromptDoor extends WebhookDoor {
  /** Resolves when nothing is being followed up any more; what comes meanwhile is left to the rounds. */
  stop(): Promise<void>;
}

/** So many at once; the rest waits for the next round. */
const promptMax = 4;

/** A door behind which webhooks are followed up at once, where that is possible, without the caller waiting for it. */
export function followedUpAtOnce(door: WebhookDoor, inbox: Pick<InboxService, 'workOne'>, logger: Logger): PromptDoor {
  const running = new Set<Promise<void>>();
  let isStopped = false;
  return {
    async receive(provider, headers, rawBody) {
      const id = await door.receive(provider, headers, rawBody);
      if (id === undefined || isStopped || running.size >= promptMax) return id;
      const work: Promise<void> = inbox
        .workOne(id)
        .catch((error: unknown) => logger.warn({ err: error, webhookId: id }, 'a webhook waits for the next round'))
        .finally(() => running.delete(work));
      running.add(work);
      return id;
    },
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  };
}
