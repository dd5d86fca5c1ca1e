export { closeHttpServer, keepConnections, type ClosingTerms } from './closing.js';
export { createHttpServer, type HttpOptions } from './server.js';
