import { startRounds, type Rounds } from '../../kernel/index.js';
import { publishNews, type PublishDeps } from './news.publish.js';
import { sweepNews, type SweepDeps } from './news.sweep.js';
import { sendDueWebhooks, type SendDeps } from './webhook.send.js';

export type NewsRoundsOptions = PublishDeps &
  SendDeps &
  SweepDeps & {
    /** Pause between two rounds: news reaches its readers this long after its commit, or a little later. */
    readonly everyMs: number;
    /** Between two rounds of deleting what is old. */
    readonly sweepEveryMs: number;
  };

/** Publishes news, sends webhooks and deletes what is old, each in rounds of its own, until they are stopped. */
export function startNews(options: NewsRoundsOptions): Rounds {
  const { logger, everyMs, sweepEveryMs } = options;
  const rounds = [
    startRounds({
      work: async (goesOn) => void (await publishNews(options, goesOn)),
      everyMs,
      logger,
      failing: 'news cannot be published now; trying on',
      mended: 'news is published again',
    }),
    startRounds({
      work: async (goesOn) => void (await sendDueWebhooks(options, goesOn)),
      everyMs,
      logger,
      failing: 'webhooks cannot be sent now; trying on',
      mended: 'webhooks are sent again',
    }),
    startRounds({
      work: async (goesOn) => void (await sweepNews(options, goesOn)),
      everyMs: sweepEveryMs,
      logger,
      failing: 'old news cannot be deleted now; trying on',
      mended: 'old news is deleted again',
    }),
  ];
  return { stop: async () => void (await Promise.all(rounds.map((round) => round.stop()))) };
}
