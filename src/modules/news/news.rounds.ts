import { publishNews, type PublishDeps } from './news.publish.js';
import { sweepNews, type SweepDeps } from './news.sweep.js';
import { sendDueWebhooks, type SendDeps } from './webhook.send.js';

type Round = (goesOn: () => boolean) => Promise<void>;

export interface NewsRounds {
  /** Tells those who are to be told what has been committed. */
  readonly publish: Round;
  /** Sends the webhooks that are due. */
  readonly send: Round;
  /** Deletes what is old and has been told. */
  readonly sweep: Round;
}

/** What is done about news again and again. */
export function createNewsRounds(deps: PublishDeps & SendDeps & SweepDeps): NewsRounds {
  return {
    publish: async (goesOn) => void (await publishNews(deps, goesOn)),
    send: async (goesOn) => void (await sendDueWebhooks(deps, goesOn)),
    sweep: async (goesOn) => void (await sweepNews(deps, goesOn)),
  };
}
