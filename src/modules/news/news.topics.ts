import type { FieldFault } from '../../kernel/index.js';
import { transitionNames } from '../errands/index.js';

/** Everything there is news of. */
export const newsTopics: readonly string[] = ['post', ...transitionNames].map((name) => `errand.${name}`);

/** What stands for all of them. */
export const everyTopic = '*';

export const topicsMax = 50;

/** Whether somebody who asked for `topics` hears of this one. */
export function hears(topics: readonly string[], topic: string): boolean {
  return topics.includes(everyTopic) || topics.includes(topic);
}

export function topicFaults(path: string, topics: readonly string[]): readonly FieldFault[] {
  if (topics.length < 1 || topics.length > topicsMax)
    return [{ path, message: `takes 1 to ${topicsMax} topics, got ${topics.length}.` }];
  return topics.flatMap((topic) => {
    if (topic === everyTopic || newsTopics.includes(topic)) return [];
    const shown = JSON.stringify(topic.slice(0, 40));
    return [{ path, message: `${shown} is no topic; takes "${everyTopic}" for all, or ${newsTopics.join(', ')}.` }];
  });
}
