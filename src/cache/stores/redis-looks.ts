import { LRUCache } from 'lru-cache';

/** The texts under the keys, in their order, read at one instant. */
export type Mget = (keys: readonly string[]) => Promise<readonly (string | null)[]>;

/** A command with more keys than this is cut, between looks. */
const keysMax = 500;
/** Longer texts travel in a command of their own, so that they hold nobody up, nor make a command late for all. */
const heavyLength = 65_536;
const heavyKeysMax = 10_000;

/**
 * Looks that arise in one turn of the event loop leave together, as one `mget` over the union of their keys: at the end of
 * the turn, so always after every one of them was asked for. A look is never spread over two commands: what it sees was
 * true at one instant. One that fails fails everybody in its command, once.
 */
export function gatherLooks(mget: Mget): Mget {
  const heavyKeys = new LRUCache<string, true>({ max: heavyKeysMax });
  let gathered: Waiting[] = [];

  function send(): void {
    const looks = gathered;
    gathered = [];
    for (const batch of batchesOf(looks, heavyKeys)) void answer(batch);
  }

  async function answer({ places, looks }: Batch): Promise<void> {
    try {
      const keys = [...places.keys()];
      const texts = await mget(keys);
      for (const key of keys) noteWeight(key, texts[places.get(key) ?? -1]);
      for (const { keys: asked, resolve } of looks) resolve(asked.map((key) => texts[places.get(key) ?? -1] ?? null));
    } catch (error) {
      for (const { reject } of looks) reject(error);
    }
  }

  function noteWeight(key: string, text: string | null | undefined): void {
    if ((text?.length ?? 0) > heavyLength) heavyKeys.set(key, true);
    else heavyKeys.delete(key);
  }

  return (keys) =>
    new Promise((resolve, reject) => {
      if (gathered.length === 0) setImmediate(send);
      gathered.push({ keys, resolve, reject });
    });
}

interface Waiting {
  readonly keys: readonly string[];
  readonly resolve: (texts: readonly (string | null)[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  /** Where each key stands in the command. */
  readonly places: Map<string, number>;
  readonly looks: Waiting[];
}

/** Looks with the same heavy key share a command; the others fill theirs one after the other. */
function batchesOf(looks: readonly Waiting[], heavyKeys: LRUCache<string, true>): readonly Batch[] {
  const heavy = new Map<string, Batch>();
  const light: Batch[] = [];
  for (const look of looks) {
    const heavyKey = look.keys.find((key) => heavyKeys.has(key));
    if (heavyKey !== undefined) {
      const batch = heavy.get(heavyKey) ?? newBatch();
      heavy.set(heavyKey, batch);
      add(batch, look);
      continue;
    }
    let batch = light.at(-1);
    if (!batch || batch.places.size + look.keys.length > keysMax) light.push((batch = newBatch()));
    add(batch, look);
  }
  return [...light, ...heavy.values()];
}

function newBatch(): Batch {
  return { places: new Map(), looks: [] };
}

function add({ places, looks }: Batch, look: Waiting): void {
  looks.push(look);
  for (const key of look.keys) if (!places.has(key)) places.set(key, places.size);
}
