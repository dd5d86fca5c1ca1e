export { renderPlayground, type PlaygroundOptions } from './playground.js';
export { playgroundExamples, type PlaygroundExample } from './examples.js';
