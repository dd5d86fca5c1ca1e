export { renderPlayground, type PlaygroundOptions } from './playground.js';
export { playgroundExamples } from './examples.js';
export type { PlaygroundExample } from './example.js';
