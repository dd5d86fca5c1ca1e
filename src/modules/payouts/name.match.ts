/**
 * How much of two names is the same, in percent: of the words of the one with fewer words, those that the other has too
 * (overlap coefficient of Szymkiewicz and Simpson). Case, accents, punctuation, order and single letters do not count, so
 * `ADEYEMI, BOLA K.` and `Bola Adéyemi` are 100. Banks write names in their own order and with initials, and people leave
 * out middle names, which is why the shorter name is the measure. Without any word in one of them: 0.
 */
export function nameMatchScore(one: string, other: string): number {
  const [words, others] = [wordsOf(one), wordsOf(other)];
  const fewest = Math.min(words.size, others.size);
  if (fewest === 0) return 0;
  const shared = [...words].filter((word) => others.has(word)).length;
  return Math.round((100 * shared) / fewest);
}

function wordsOf(name: string): ReadonlySet<string> {
  const plain = name.normalize('NFKD').replaceAll(/[\p{M}'’]/gu, '');
  return new Set(
    plain
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((word) => word.length > 1),
  );
}
