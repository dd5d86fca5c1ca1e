import type { Cache, Outcome, Position, ReadRequest, ShadowVerdict } from './types.js';

export interface VerdictDeps {
  readonly cache: Pick<Cache, 'read'>;
  /** @throws when the value cannot be written down */
  readonly encode: (value: unknown) => string;
  /** Longest time between a commit and its bump, milliseconds. */
  readonly lateMs: number;
  readonly isAnswer: (error: unknown) => boolean;
  /** Rejects when the verifier stops. */
  readonly pause: (ms: number) => Promise<void>;
}

export interface Verdicts {
  /** @param text what was shown, encoded. @returns undefined when the verifier stopped meanwhile */
  of(request: ReadRequest<unknown>, shown: Outcome, text: string): Promise<ShadowVerdict | undefined>;
}

/**
 * Says whether what a hit showed was older than its guarantee, without stopping any writer.
 *
 * The hit showed an entry whose load began at logical time `asOf`. When a load of our own differs, some write W was
 * committed after the entry's load began and before ours ended. W may be younger than the hit, and its bump may still be on
 * its way, so nothing is said yet. Once W's bump can no longer be late it has moved a tag of the entry past `asOf`, and no read
 * that begins then is shown an entry of `asOf`, nor another one of that time. When one is shown, W was never told. The
 * difference must also still be there, because a value that went back was harmless.
 *
 * A bounded read may lawfully be shown an entry that was found valid `boundMs` before, so the second look comes so much later.
 *
 * This takes loads for functions of the database. One that looks at the clock too differs without a write; its delay is
 * part of `lateMs`.
 */
export function createVerdicts({ cache, encode, lateMs, isAnswer, pause }: VerdictDeps): Verdicts {
  /** Undefined when the load failed. */
  async function loaded(request: ReadRequest<unknown>): Promise<string | undefined> {
    try {
      return encode(await request.load());
    } catch (error) {
      return isAnswer(error) ? 'thrown' : undefined;
    }
  }

  /** Whether an entry of that time is still shown to those who begin now. Whatever the read throws was thrown by its load. */
  async function isStillShown(request: ReadRequest<unknown>, asOf: Position | undefined): Promise<boolean> {
    const late = await cache.read(request).then(
      ({ outcome }) => outcome.asOf,
      () => undefined,
    );
    return late !== undefined && late.generation === asOf?.generation && late.seq === asOf.seq;
  }

  return {
    async of(request, shown, text) {
      const first = await loaded(request);
      if (first === undefined) return 'failed';
      if (first === text) return 'same';
      const goesOn = await pause(lateMs + (request.boundMs ?? 0)).then(
        () => true,
        () => false,
      );
      if (!goesOn) return undefined;
      const second = await loaded(request);
      if (second === undefined) return 'failed';
      if (second === text) return 'overtaken';
      return (await isStillShown(request, shown.asOf)) ? 'stale' : 'overtaken';
    },
  };
}
