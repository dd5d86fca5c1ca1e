import { createHash } from 'node:crypto';

/**
 * A strong entity tag (RFC 9110, section 8.8.3): two answers have the same one only when they are the same type and bytes.
 * It is made of the content computed for this very request, never of what was asked, so a change of the data changes it.
 */
export function etagOf(contentType: string, content: string): string {
  return `"${createHash('sha256').update(contentType).update('\0').update(content).digest('base64url').slice(0, 27)}"`;
}

/** Whether `If-None-Match` names this tag, by the weak comparison of RFC 9110, sections 8.8.3.2 and 13.1.2. */
export function matchesAny(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return [...ifNoneMatch.matchAll(/(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g)].some(([, tag]) => tag === etag);
}
