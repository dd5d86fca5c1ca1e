import { decodeWith, encodeValue, Unserializable, wireTypesByName } from './serializers/index.js';
import type { WireType } from './serializers/index.js';

/** The wire format with the caller's types. */
export interface Codec {
  /** @throws Unserializable, also when a registered type or a getter of the value throws */
  encode(value: unknown): string;
  /** @throws Undecodable */
  decode(text: string): unknown;
}

export function createCodec(types: readonly WireType[]): Codec {
  const byName = wireTypesByName(types);
  return {
    encode(value) {
      try {
        return encodeValue(value, types);
      } catch (error) {
        if (error instanceof Unserializable) throw error;
        throw new Unserializable(error instanceof Error ? error.message : String(error), { cause: error });
      }
    },
    decode: (text) => decodeWith(byName, text),
  };
}
