/**
 * Whether a text matches a pattern of Redis (`KEYS`, `SCAN`): `*` any text, `?` one character, `[abc]` `[a-z]` `[^a]` one of
 * a set, `\` takes the next character as it is. Takes at most text times pattern steps: after a mismatch only the last `*`
 * has to take one character more, because what the earlier ones could take instead, it can too.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const parts = partsOf(pattern);
  return (text) => {
    let part = 0;
    let star = -1;
    let starTook = 0;
    for (let at = 0; at < text.length;) {
      const matches = parts[part];
      if (matches === anyText) {
        star = part;
        starTook = at;
        part += 1;
      } else if (matches?.(text[at] ?? '')) {
        part += 1;
        at += 1;
      } else if (star >= 0) {
        part = star + 1;
        at = starTook += 1;
      } else return false;
    }
    return parts.slice(part).every((rest) => rest === anyText);
  };
}

/** Takes one character, or refuses it. */
type Part = (sign: string) => boolean;

/** Stands for `*`. */
const anyText: Part = () => true;
const anySign: Part = () => true;

function partsOf(pattern: string): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern[at] ?? '';
    const set = sign === '[' ? setAt(pattern, at) : undefined;
    if (set) {
      parts.push(set.matches);
      at = set.last;
    } else if (sign === '*') parts.push(anyText);
    else if (sign === '?') parts.push(anySign);
    else if (sign === '\\' && at + 1 < pattern.length) parts.push(literal(pattern[(at += 1)] ?? ''));
    else parts.push(literal(sign));
  }
  return parts;
}

/** The set that begins at `start`; undefined when it is never closed. An empty one matches nothing. */
function setAt(pattern: string, start: number): { readonly matches: Part; readonly last: number } | undefined {
  const isNegated = pattern[start + 1] === '^';
  const members: Part[] = [];
  for (let at = start + (isNegated ? 2 : 1); at < pattern.length; at += 1) {
    const sign = pattern[at] ?? '';
    if (sign === ']') return { matches: (given) => members.some((takes) => takes(given)) !== isNegated, last: at };
    if (sign === '\\' && at + 1 < pattern.length) members.push(literal(pattern[(at += 1)] ?? ''));
    else if (pattern[at + 1] === '-' && at + 2 < pattern.length && pattern[at + 2] !== ']') {
      const [from = '', to = ''] = [sign, pattern[at + 2]].toSorted();
      members.push((given) => from <= given && given <= to);
      at += 2;
    } else members.push(literal(sign));
  }
  return undefined;
}

const literal =
  (sign: string): Part =>
  (given) =>
    given === sign;
