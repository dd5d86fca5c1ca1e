/** Where things stand in Redis. The control keys share one hash tag, so scripts over them stay on one cluster node. */
export interface ControlKeys {
  readonly generation: string;
  readonly server: string;
  readonly hold: string;
  readonly seq: string;
  readonly tag: (tag: string) => string;
}

export function controlKeys(prefix: string): ControlKeys {
  const control = `${prefix}:{c}`;
  return {
    generation: `${control}:g`,
    server: `${control}:q`,
    hold: `${control}:q:hold`,
    seq: `${control}:seq`,
    tag: (tag) => `${control}:t:${tag}`,
  };
}
