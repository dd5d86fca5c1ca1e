import type { Position } from './types.js';

/** How far this process has heard of the store's logical time. */
export interface Positions {
  present(): Position | undefined;
  /**
   * To be taken before a command is sent whose reply is to be learnt from. Undefined: after a bump failed and before the
   * store has been caught up with; what the reply says may then be from before that bump.
   */
  turn(): number | undefined;
  /** From a reply to a command sent at `turn`: ignored when a bump failed since. */
  learn(turn: number | undefined, heard: { readonly generation: string | undefined; readonly seq: number }): void;
  /** A bump failed: where it stands, if anywhere, nobody here can say, so no entry may count as younger. */
  lose(): void;
}

/** No store has an empty generation, so no entry reaches this. */
const beyond: Position = { generation: '', seq: 0 };

/** @param isReady whether every bump that failed has been made up for */
export function createPositions(isReady: () => boolean): Positions {
  let present: Position | undefined;
  let turn = 0;
  return {
    present: () => present,
    turn: () => (present === beyond && !isReady() ? undefined : turn),
    learn(heardAt, { generation, seq }) {
      if (heardAt !== turn || generation === undefined) return;
      // Replies come in the order of the store's time, generations included, but for those of one moment.
      if (present?.generation === generation && present.seq >= seq) return;
      present = generation === '' ? { ...beyond } : { generation, seq };
    },
    lose() {
      turn += 1;
      present = beyond;
    },
  };
}
