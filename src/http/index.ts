export { createHttpServer, type HttpOptions } from './server.js';
