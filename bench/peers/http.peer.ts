import { servePeer } from './peer.js';

/** The ceiling: reads the request and answers ready bytes. */
await servePeer(({ body, headers }) => {
  const bytes = Buffer.from(body);
  return (request, response) => {
    request.resume();
    request.once('end', () => response.writeHead(200, headers).end(bytes));
  };
});
