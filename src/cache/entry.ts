import { crc32 } from 'node:zlib';
import { Undecodable } from './serializers/index.js';

/** One stored value and what decides whether it may be shown. */
export interface Entry {
  readonly generation: string;
  /** The store's logical time, read before the load began: every bump up to here is in the value. */
  readonly s0: number;
  /** Wall-clock milliseconds when the load began. */
  readonly loadedAt: number;
  readonly type: string;
  readonly tenant: string | undefined;
  readonly identity: string | undefined;
  readonly tags: readonly string[];
  /** In wire format. */
  readonly value: string;
}

const version = 'E1';
const crcDigits = 8;
const lengthDigits = 6;
const bodyStart = version.length + crcDigits;
const metaStart = bodyStart + lengthDigits;

/** `E1`, CRC-32 of the rest (8 hex digits), length of the head (6 hex digits), the head as JSON, the value. */
export function sealEntry(entry: Entry): string {
  const head = JSON.stringify([
    entry.generation,
    entry.s0,
    entry.loadedAt,
    entry.type,
    entry.tenant ?? null,
    entry.identity ?? null,
    entry.tags,
  ]);
  const body = hex(head.length, lengthDigits) + head + entry.value;
  return version + hex(crc32(body), crcDigits) + body;
}

/** @throws Undecodable when the text is foreign, of another version, cut short or changed in any byte */
export function openEntry(text: string): Entry {
  if (!text.startsWith(version)) throw new Undecodable('not an entry of version E1');
  const body = text.slice(bodyStart);
  if (text.slice(version.length, bodyStart) !== hex(crc32(body), crcDigits)) throw new Undecodable('checksum differs');
  const valueStart = metaStart + Number.parseInt(text.slice(bodyStart, metaStart), 16);
  const [generation, s0, loadedAt, type, tenant, identity, tags] = JSON.parse(
    text.slice(metaStart, valueStart),
  ) as Head;
  return {
    generation,
    s0,
    loadedAt,
    type,
    tenant: tenant ?? undefined,
    identity: identity ?? undefined,
    tags,
    value: text.slice(valueStart),
  };
}

/** What the checksum vouches for: only `sealEntry` writes it. */
type Head = readonly [string, number, number, string, string | null, string | null, readonly string[]];

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
