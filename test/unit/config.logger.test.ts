import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../src/observability/index.js';

describe('the log', () => {
  it('is one JSON object per line, with an error as message and stack', () => {
    const { lines, logger } = record({ level: 'info' });
    logger.warn({ err: new Error('broken'), port: 5 }, 'went wrong');
    const entry = JSON.parse(lines()[0] ?? '') as Record<string, unknown>;
    expect(entry).toMatchObject({
      level: 40,
      msg: 'went wrong',
      port: 5,
      err: { message: 'broken', stack: expect.stringContaining('Error: broken') },
    });
    expect(new Date(String(entry['time'])).getTime()).toBeGreaterThan(0);
  });

  it('leaves out what is less important than its level, and everything when silent', () => {
    const warnings = record({ level: 'warn' });
    warnings.logger.info({}, 'small');
    warnings.logger.warn({}, 'big');
    expect(warnings.lines().map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['big']);
    const silent = record({ level: 'silent' });
    silent.logger.error({}, 'big');
    expect(silent.lines()).toEqual([]);
  });

  it.each([false, true])('never shows a password or a token (readable: %s)', (isPretty) => {
    const { lines, logger } = record({ level: 'info', isPretty });
    logger.info(
      {
        password: 'hunter2',
        request: { authorization: 'Bearer hunter2', path: '/x' },
        databaseUrl: 'postgresql://me:hunter2@db/x',
      },
      'in',
    );
    expect(lines().join('\n')).not.toContain('hunter2');
    expect(lines().join('\n')).toContain('[not shown]');
  });

  it('is readable for people: time of day, level, message, fields, then the stack', () => {
    const { lines, logger } = record({ level: 'info', isPretty: true });
    logger.info({ port: 4000, who: 'two words' }, 'listening');
    logger.error({ err: new Error('broken') }, 'went wrong');
    expect(lines()[0]).toMatch(/^\d\d:\d\d:\d\d info {2}listening port=4000 who="two words"$/);
    expect(lines()[1]).toMatch(/^\d\d:\d\d:\d\d error went wrong$/);
    expect(lines()[2]).toBe('  Error: broken');
    expect(lines()[3]).toMatch(/^ +at /);
  });
});

function record(options: { readonly level: 'info' | 'warn' | 'silent'; readonly isPretty?: boolean }) {
  const output = new PassThrough();
  const lines = () =>
    String(output.read() ?? '')
      .split('\n')
      .filter(Boolean);
  let seen: string[] = [];
  return { logger: createLogger({ ...options, output }), lines: () => (seen = [...seen, ...lines()]) };
}
