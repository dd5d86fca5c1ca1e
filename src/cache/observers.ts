import type { CacheEvent } from './types.js';

export type Observer = (event: CacheEvent) => void;

/** Tells everyone everything. What an observer throws reaches nobody's read; it is said once as a process warning. */
export interface Observers {
  emit(event: CacheEvent): void;
  add(observer: Observer): () => void;
}

export function createObservers(): Observers {
  const observers = new Set<Observer>();
  const faulty = new WeakSet<Observer>();
  return {
    emit(event) {
      for (const observer of observers) {
        try {
          observer(event);
        } catch (error) {
          if (!faulty.has(observer)) process.emitWarning(error instanceof Error ? error : String(error));
          faulty.add(observer);
        }
      }
    },
    add(observer) {
      observers.add(observer);
      return () => void observers.delete(observer);
    },
  };
}
