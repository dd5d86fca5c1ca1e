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
  /** Milliseconds, counted from `loadedAt`, that it was given to live. */
  readonly ttlMs: number;
  /** Milliseconds the load took. */
  readonly costMs: number;
  /** The load found nothing: `value` is what the caller noted of that, not wire format. */
  readonly isAbsent: boolean;
  /** In wire format. */
  readonly value: string;
}

const version = 'E2';
const crcDigits = 8;
const lengthDigits = 6;
const bodyStart = version.length + crcDigits;
const metaStart = bodyStart + lengthDigits;

/** `E2`, CRC-32 of the rest (8 hex digits), length of the head (6 hex digits), the head as JSON, the value. */
export function sealEntry(entry: Entry): string {
  const head: Head = [
    entry.generation,
    entry.s0,
    entry.loadedAt,
    entry.type,
    entry.tenant ?? null,
    entry.identity ?? null,
    entry.tags,
    entry.ttlMs,
    entry.costMs,
    entry.isAbsent ? 1 : 0,
  ];
  const text = JSON.stringify(head);
  const body = hex(text.length, lengthDigits) + text + entry.value;
  return version + hex(crc32(body), crcDigits) + body;
}

/** @throws Undecodable when the text is foreign, of another version, cut short or changed in any byte */
export function openEntry(text: string): Entry {
  if (!text.startsWith(version)) throw new Undecodable(`not an entry of version ${version}`);
  const body = text.slice(bodyStart);
  if (text.slice(version.length, bodyStart) !== hex(crc32(body), crcDigits)) throw new Undecodable('checksum differs');
  const valueStart = metaStart + Number.parseInt(text.slice(bodyStart, metaStart), 16);
  const [generation, s0, loadedAt, type, tenant, identity, tags, ttlMs, costMs, absent] = JSON.parse(
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
    ttlMs,
    costMs,
    isAbsent: absent === 1,
    value: text.slice(valueStart),
  };
}

/** What the checksum vouches for: only `sealEntry` writes it. */
type Head = readonly [
  generation: string,
  s0: number,
  loadedAt: number,
  type: string,
  tenant: string | null,
  identity: string | null,
  tags: readonly string[],
  ttlMs: number,
  costMs: number,
  absent: 0 | 1,
];

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
