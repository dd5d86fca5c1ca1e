/**
 * Where things stand in Redis. The control keys share one hash tag, the prefix in braces, so that on a cluster all of
 * them, and every script over them, stand on the one server that has that slot; installations spread over the slots.
 */
export interface ControlKeys {
  readonly generation: string;
  readonly server: string;
  readonly hold: string;
  readonly seq: string;
  /** A tag that has no key of its own counts as bumped then. */
  readonly floor: string;
  /** The tags that have keys, by their last bump. */
  readonly tags: string;
  /** The last bumps, youngest first. */
  readonly log: string;
  /** Which seq it was when, to tell how old a tag is. */
  readonly marks: string;
  /** The announced writes, by the time of their announcement. */
  readonly intents: string;
  /** The tag keys that one announced write keeps open. */
  readonly intent: (token: string) => string;
  readonly tag: (tag: string) => string;
  /** Whether a key is one of these. */
  readonly isControl: (key: string) => boolean;
}

/** @throws RangeError when the prefix has a brace in it, which would tear the keys apart on a cluster */
export function controlKeys(prefix: string): ControlKeys {
  if (/[{}]/.test(prefix)) throw new RangeError(`the prefix of the control keys takes no braces, got "${prefix}"`);
  const control = `{${prefix}}`;
  return {
    generation: `${control}:g`,
    server: `${control}:q`,
    hold: `${control}:q:hold`,
    seq: `${control}:seq`,
    floor: `${control}:floor`,
    tags: `${control}:tags`,
    log: `${control}:log`,
    marks: `${control}:marks`,
    intents: `${control}:ix`,
    intent: (token) => `${control}:i:${token}`,
    tag: (tag) => `${control}:t:${tag}`,
    isControl: (key) => key.startsWith(`${control}:`),
  };
}

/** What every script that moves tags is given first, in this order; see `redis-scripts`. */
export function writingKeys(keys: ControlKeys): readonly string[] {
  return [keys.generation, keys.seq, keys.floor, keys.tags, keys.log, keys.marks];
}
