/** Where things stand in Redis. The control keys share one hash tag, so scripts over them stay on one cluster node. */
export interface ControlKeys {
  readonly generation: string;
  readonly server: string;
  readonly hold: string;
  readonly seq: string;
  /** The announced writes, by the time of their announcement. */
  readonly intents: string;
  /** The tag keys that one announced write keeps open. */
  readonly intent: (token: string) => string;
  readonly tag: (tag: string) => string;
  /** Whether a key is one of these. */
  readonly isControl: (key: string) => boolean;
}

export function controlKeys(prefix: string): ControlKeys {
  const control = `${prefix}:{c}`;
  return {
    generation: `${control}:g`,
    server: `${control}:q`,
    hold: `${control}:q:hold`,
    seq: `${control}:seq`,
    intents: `${control}:ix`,
    intent: (token) => `${control}:i:${token}`,
    isControl: (key) => key.startsWith(`${control}:`),
    tag: (tag) => `${control}:t:${tag}`,
  };
}
