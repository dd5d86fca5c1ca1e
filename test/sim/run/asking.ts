import { setTimeout as pause } from 'node:timers/promises';
import type { Call, House, Reply } from './house.js';

interface Door {
  readonly house: Pick<House, 'ask'>;
}

/** How often a call is repeated whose answer did not come; each time a little later. */
const repeatsMax = 100;
const repeatAfterMs = 20;

export interface RepeatedAnswer {
  readonly reply: Reply;
  /** How often it was asked again. */
  readonly repeats: number;
}

/** A connection that broke under an earlier call may be handed out once more: whoever is told to try again does. */
export async function repeatUntilAnswered({ house }: Door, call: Call): Promise<RepeatedAnswer> {
  for (let repeats = 0; ; repeats += 1) {
    const reply = await house.ask(call);
    const isOpen = reply.kind === 'lost' || (reply.kind === 'refused' && reply.code === 'UNAVAILABLE');
    if (!isOpen || repeats >= repeatsMax) return { reply, repeats };
    await pause(repeatAfterMs);
  }
}

export async function askUntilAnswered(stage: Door, call: Call): Promise<Reply> {
  return (await repeatUntilAnswered(stage, call)).reply;
}
