/** For LIKE and ILIKE: the signs they read as wildcards stand for themselves. */
export function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`);
}

/** Whether PostgreSQL can keep the text as it is: it has no U+0000, and half a surrogate pair would come back as U+FFFD. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && !/\p{Surrogate}/u.test(text);
}

/** What to say of a text that is not storable, after the name of its field. */
export const notStorable = 'holds U+0000 or half of a surrogate pair, which is no text.';

/** What of a text of somebody else's PostgreSQL can keep, up to `lengthMax` UTF-16 units. */
export function storable(text: string, lengthMax: number): string {
  return Buffer.from(text.replaceAll('\0', '').slice(0, lengthMax)).toString();
}
