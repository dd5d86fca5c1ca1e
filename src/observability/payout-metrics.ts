import { Gauge, type Registry } from 'prom-client';

/** Payouts that wait for a person. */
export interface WaitingPayouts {
  /** Asked for, and not decided about by FINANCE. */
  readonly requested: number;
  /** Their provider tells of another amount. */
  readonly doubted: number;
  /** How long the one that has waited longest does; 0 when there is none. */
  readonly requestedMs: number;
  readonly doubtedMs: number;
}

/** Counts at every scrape what FINANCE has to look at, in all markets. */
export function measurePayouts(read: () => Promise<WaitingPayouts>, registry: Registry): void {
  const now = (): Promise<WaitingPayouts | undefined> => read().catch(() => undefined);
  const gauge = (name: string, help: string, set: (gauge: Gauge<'why'>, found: WaitingPayouts) => void) =>
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['why'],
        registers: [],
        async collect() {
          const found = await now();
          this.reset();
          if (found) set(this as Gauge<'why'>, found);
        },
      }),
    );
  gauge(
    'payouts_waiting_for_finance',
    'Payouts that a person has to look at: requested, or doubted because the provider tells of another amount. No sample while the database is away.',
    (waiting, { requested, doubted }) => {
      waiting.set({ why: 'requested' }, requested);
      waiting.set({ why: 'doubted' }, doubted);
    },
  );
  gauge(
    'payouts_waiting_for_finance_seconds',
    'How long the one of them that has waited longest does. No sample while the database is away.',
    (waiting, { requestedMs, doubtedMs }) => {
      waiting.set({ why: 'requested' }, requestedMs / 1000);
      waiting.set({ why: 'doubted' }, doubtedMs / 1000);
    },
  );
}
