/**
 * Whether a text matches a pattern of Redis (`KEYS`, `SCAN`): `*` any text, `?` one character, `[abc]` `[a-z]` `[^a]` one of
 * a set, `\` takes the next character as it is.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern[at] ?? '';
    const set = sign === '[' ? setAt(pattern, at) : undefined;
    if (set) {
      source += set.source;
      at = set.last;
    } else if (sign === '*') source += '.*';
    else if (sign === '?') source += '.';
    else if (sign === '\\' && at + 1 < pattern.length) source += literal(pattern[(at += 1)] ?? '');
    else source += literal(sign);
  }
  const expression = new RegExp(`^${source.replaceAll(/(?:\.\*)+/g, '.*')}$`, 's');
  return (text) => expression.test(text);
}

/** The set that begins at `start`; undefined when it is never closed. An empty one matches nothing. */
function setAt(pattern: string, start: number): { readonly source: string; readonly last: number } | undefined {
  const isNegated = pattern[start + 1] === '^';
  let members = '';
  for (let at = start + (isNegated ? 2 : 1); at < pattern.length; at += 1) {
    const sign = pattern[at] ?? '';
    if (sign === ']')
      return { source: members === '' ? none(isNegated) : `[${isNegated ? '^' : ''}${members}]`, last: at };
    if (sign === '\\' && at + 1 < pattern.length) members += member(pattern[(at += 1)] ?? '');
    else if (pattern[at + 1] === '-' && at + 2 < pattern.length && pattern[at + 2] !== ']') {
      const [from = '', to = ''] = [sign, pattern[at + 2]].toSorted();
      members += `${member(from)}-${member(to)}`;
      at += 2;
    } else members += member(sign);
  }
  return undefined;
}

const none = (isNegated: boolean): string => (isNegated ? '.' : '(?!)');
const literal = (sign: string): string => sign.replace(/[$()*+.?[\\\]^{|}/]/, '\\$&');
const member = (sign: string): string => sign.replace(/[\\\]^-]/, '\\$&');
