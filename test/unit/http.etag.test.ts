import { describe, expect, it } from 'vitest';
import { etagOf, matchesAny } from '../../src/http/etag.js';

const tag = etagOf('application/json', '{"data":1}');

describe('an entity tag', () => {
  it('is strong, and the same only for the same type and content', () => {
    expect(tag).toMatch(/^"[\w-]{27}"$/);
    expect(etagOf('application/json', '{"data":1}')).toBe(tag);
    expect(etagOf('application/json', '{"data":2}')).not.toBe(tag);
    expect(etagOf('text/html', '{"data":1}')).not.toBe(tag);
    expect(etagOf('ab', 'c')).not.toBe(etagOf('a', 'bc'));
  });

  it.each([tag, `W/${tag}`, `"other", ${tag}`, `"a,b",W/"c" , W/${tag}`, '*', ' * '])('is named by %s', (header) =>
    expect(matchesAny(header, tag)).toBe(true),
  );

  it.each([undefined, '', '"other"', tag.slice(1, -1), `W/"x${tag.slice(1)}`, '"*"', `"before${tag}`])(
    'is not named by %s',
    (header) => expect(matchesAny(header, tag)).toBe(false),
  );
});
