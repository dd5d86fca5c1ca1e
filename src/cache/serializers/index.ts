export { Undecodable, Unserializable, wireTypesByName } from './wire.js';
export type { WireType } from './wire.js';
export { encodeValue } from './encode.js';
export { decodeValue, decodeWith } from './decode.js';
