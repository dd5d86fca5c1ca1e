import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { decodeWith, encodeValue, Undecodable, Unserializable, wireTypesByName } from './serializers/index.js';
import type { WireType } from './serializers/index.js';

/** The wire format with the caller's types, and its compressed form. */
export interface Codec {
  /** @throws Unserializable, also when a registered type or a getter of the value throws */
  encode(value: unknown): string;
  /** Of packed text too. @throws Undecodable */
  decode(text: string): unknown;
  /** The text as it is to be stored: compressed when it is longer than `aboveBytes` and that makes it shorter. */
  pack(text: string, aboveBytes: number): string;
  /** Undoes `pack`; what was not packed comes back as it is. @throws Undecodable when damaged, or larger than it may be */
  unpack(text: string): string;
}

/** Packed text: this, the length of the original in bytes, a colon, and the deflated original (RFC 1951) in base64. */
const packedHeader = '1z';
/** The fastest: on errand lists it is within a tenth of the ratio of level 6, for half of its time. */
const level = 1;

/** @param unpackedBytesMax nothing larger is packed, and nothing that claims or turns out to be larger is unpacked */
export function createCodec(types: readonly WireType[], unpackedBytesMax = 2 ** 23): Codec {
  const byName = wireTypesByName(types);
  const unpack = (text: string): string => (text.startsWith(packedHeader) ? inflated(text, unpackedBytesMax) : text);
  return {
    encode(value) {
      try {
        return encodeValue(value, types);
      } catch (error) {
        if (error instanceof Unserializable) throw error;
        throw new Unserializable(error instanceof Error ? error.message : String(error), { cause: error });
      }
    },
    decode: (text) => decodeWith(byName, unpack(text)),
    pack(text, aboveBytes) {
      // A character takes up to three bytes, so most short texts are told without counting.
      if (text.length * 3 <= aboveBytes) return text;
      const bytes = Buffer.byteLength(text);
      if (bytes <= aboveBytes || bytes > unpackedBytesMax) return text;
      const packed = `${packedHeader}${bytes}:${deflateRawSync(text, { level }).toString('base64')}`;
      return packed.length < bytes ? packed : text;
    },
    unpack,
  };
}

/** The output is cut off at the length that was claimed, so a small entry cannot fill the memory. */
function inflated(text: string, bytesMax: number): string {
  const colon = text.indexOf(':');
  const length = Number(text.slice(packedHeader.length, colon));
  if (!Number.isSafeInteger(length) || length < 1 || length > bytesMax)
    throw new Undecodable(`packed text of ${length} bytes; at most ${bytesMax} are unpacked`);
  try {
    const bytes = inflateRawSync(Buffer.from(text.slice(colon + 1), 'base64'), { maxOutputLength: length });
    if (bytes.length === length) return bytes.toString('utf8');
  } catch (error) {
    throw new Undecodable('packed text is damaged', { cause: error });
  }
  throw new Undecodable('packed text has another length than it says');
}
