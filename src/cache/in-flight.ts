import { EntryRefused } from './store.js';

/** Commands whose outcome is awaited, so that all of them can be told at once that the store is gone. */
export interface InFlight {
  /** @param onFailure hears of a failure of the store itself, before the caller does */
  run<T>(command: () => Promise<T>, onFailure: (error: unknown) => void): Promise<T>;
  failAll(error: Error): void;
}

export function createInFlight(): InFlight {
  const waiting = new Set<(error: Error) => void>();
  return {
    run: <T>(command: () => Promise<T>, onFailure: (error: unknown) => void) =>
      new Promise<T>((resolve, reject) => {
        waiting.add(reject);
        const settle = async (): Promise<void> => {
          try {
            resolve(await command());
          } catch (error) {
            if (!(error instanceof EntryRefused)) onFailure(error);
            reject(error);
          } finally {
            waiting.delete(reject);
          }
        };
        void settle();
      }),
    failAll(error) {
      const told = [...waiting];
      waiting.clear();
      for (const reject of told) reject(error);
    },
  };
}
