/**
 * Whether a text matches a pattern of Redis (`KEYS`, `SCAN`): `*` any text, `?` one character, `[abc]` `[a-z]` `[^a]` one of
 * a set, `\` takes the next character as it is. Takes time in proportion to pattern times text at most, whatever the
 * pattern: operators choose it, and a regular expression with many `.*` may never end.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  const steps = stepsOf(pattern);
  return (text) => {
    let [step, at] = [0, 0];
    /** Behind the last `*`, and where the text it takes ends; only that one is ever made to take more. */
    let retry: { readonly step: number; readonly at: number } | undefined;
    while (at < text.length) {
      const wanted = steps[step];
      if (wanted === 'any') {
        step += 1;
        retry = { step, at };
      } else if (wanted?.(text[at] ?? '')) {
        step += 1;
        at += 1;
      } else if (retry) {
        retry = { step: retry.step, at: retry.at + 1 };
        ({ step, at } = retry);
      } else return false;
    }
    return steps.slice(step).every((rest) => rest === 'any');
  };
}

type Step = 'any' | ((sign: string) => boolean);

function stepsOf(pattern: string): readonly Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern[at] ?? '';
    const set = sign === '[' ? setAt(pattern, at) : undefined;
    if (set) {
      steps.push(set.matches);
      at = set.last;
    } else if (sign === '*') steps.push('any');
    else if (sign === '?') steps.push(() => true);
    else {
      const wanted = sign === '\\' && at + 1 < pattern.length ? (pattern[(at += 1)] ?? '') : sign;
      steps.push((given) => given === wanted);
    }
  }
  return steps;
}

/** The set that begins at `start`; undefined when it is never closed. An empty one matches nothing. */
function setAt(
  pattern: string,
  start: number,
): { readonly matches: (sign: string) => boolean; readonly last: number } | undefined {
  const isNegated = pattern[start + 1] === '^';
  const ranges: (readonly [from: string, to: string])[] = [];
  for (let at = start + (isNegated ? 2 : 1); at < pattern.length; at += 1) {
    const sign = pattern[at] ?? '';
    if (sign === ']') return { matches: (given) => isWithin(given, ranges) !== isNegated, last: at };
    if (sign === '\\' && at + 1 < pattern.length) {
      const escaped = pattern[(at += 1)] ?? '';
      ranges.push([escaped, escaped]);
    } else if (pattern[at + 1] === '-' && at + 2 < pattern.length && pattern[at + 2] !== ']') {
      const [from = '', to = ''] = [sign, pattern[at + 2] ?? ''].toSorted();
      ranges.push([from, to]);
      at += 2;
    } else ranges.push([sign, sign]);
  }
  return undefined;
}

function isWithin(sign: string, ranges: readonly (readonly [from: string, to: string])[]): boolean {
  return ranges.some(([from, to]) => from <= sign && sign <= to);
}
