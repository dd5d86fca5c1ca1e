import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { createPage } from '../../src/http/page.js';

it('a page that could not be rendered once is rendered at the next request, and then no more', async () => {
  let renderings = 0;
  const page = createPage(async () => {
    renderings += 1;
    if (renderings === 1) throw new Error('too many open files');
    return '<p>page</p>';
  });
  const server = fastify();
  server.get('/', page);
  const statusOf = async (): Promise<number> => (await server.inject('/')).statusCode;
  expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([500, 200, 200]);
  expect(renderings).toBe(2);
  await server.close();
});
