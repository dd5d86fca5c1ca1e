import { randomUUID } from 'node:crypto';

export const tables = `
  CREATE TABLE errand (id uuid PRIMARY KEY, customer_id uuid NOT NULL, runner_id uuid, title text NOT NULL, description text NOT NULL,
    category text NOT NULL, area text NOT NULL, budget bigint NOT NULL, state text NOT NULL, version int NOT NULL,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
  CREATE INDEX ON errand (customer_id, created_at);
  CREATE INDEX ON errand (state, created_at);
  CREATE TABLE offer (id uuid PRIMARY KEY, errand_id uuid NOT NULL REFERENCES errand, runner_id uuid NOT NULL,
    amount bigint NOT NULL, state text NOT NULL, version int NOT NULL, created_at timestamptz NOT NULL);
  CREATE UNIQUE INDEX ON offer (errand_id, runner_id) WHERE state = 'PENDING';
  CREATE TABLE escrow (id uuid PRIMARY KEY, errand_id uuid NOT NULL UNIQUE REFERENCES errand, gross bigint NOT NULL,
    funded bigint NOT NULL, released bigint NOT NULL, state text NOT NULL, version int NOT NULL);
  CREATE TABLE proof (id uuid PRIMARY KEY, errand_id uuid NOT NULL REFERENCES errand, kind text NOT NULL, sha256 text NOT NULL);
  CREATE TABLE account (code text PRIMARY KEY, balance bigint NOT NULL);
  CREATE TABLE journal (id uuid PRIMARY KEY, kind text NOT NULL, errand_id uuid NOT NULL, recorded_at timestamptz NOT NULL);
  CREATE TABLE journal_line (journal_id uuid NOT NULL REFERENCES journal, seq int NOT NULL, code text NOT NULL, amount bigint NOT NULL,
    PRIMARY KEY (journal_id, seq));
  CREATE INDEX ON journal_line (code);
  CREATE TABLE event (errand_id uuid NOT NULL, seq int NOT NULL, transition text NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (errand_id, seq));
  CREATE TABLE outbox (seq bigserial PRIMARY KEY, topic text NOT NULL, payload jsonb NOT NULL, created_at timestamptz NOT NULL);
  CREATE TABLE row_change (id bigserial PRIMARY KEY, model text NOT NULL, after jsonb NOT NULL)`;

/** What RunAm is asked too. */
export interface Asked {
  readonly operationName: string;
  readonly variables: {
    readonly errandId?: string;
    readonly offerId?: string;
    readonly input?: Readonly<Record<string, unknown>> & {
      readonly amountMinor?: number;
      readonly budget?: { readonly minor: number };
    };
    readonly proofs?: readonly { readonly kind: string; readonly sha256: string }[];
  };
}

export interface Hand {
  readonly run: (sql: string, values: readonly unknown[]) => Promise<readonly Readonly<Record<string, string>>[]>;
  readonly userId: string;
  readonly now: Date;
}

interface Payload {
  readonly errand: { readonly id: string; readonly state: string; readonly version: number };
  readonly offer?: { readonly id: string };
}

export async function doStep(
  step: string,
  hand: Hand,
  { errandId = '', offerId = '', input, proofs = [] }: Asked['variables'],
): Promise<Payload> {
  const { run, userId, now } = hand;
  if (step === 'postErrand') {
    const id = randomUUID();
    const { title, description, category, area, budget } = input ?? {};
    await run(`INSERT INTO errand VALUES ($1, $2, NULL, $3, $4, $5, $6, $7, 'OPEN', 1, $8, $8)`, [
      id,
      userId,
      title,
      description,
      category,
      area,
      budget?.minor,
      now,
    ]);
    return { errand: { id, state: 'OPEN', version: 1 } };
  }
  if (step === 'acceptOffer') {
    const [offer] = await run('SELECT errand_id, runner_id, amount FROM offer WHERE id = $1', [offerId]);
    const errand = await lock(hand, offer?.['errand_id'] ?? '', 'OPEN');
    await run(`UPDATE offer SET state = 'ACCEPTED', version = version + 1 WHERE id = $1 AND state = 'PENDING'`, [
      offerId,
    ]);
    await run(`INSERT INTO escrow VALUES ($1, $2, $3, 0, 0, 'AWAITING_FUNDS', 1)`, [
      randomUUID(),
      errand,
      offer?.['amount'],
    ]);
    return move(hand, errand, 'AWAITING_FUNDING', offer?.['runner_id']);
  }
  if (step === 'makeOffer') {
    await lock(hand, errandId, 'OPEN');
    const id = randomUUID();
    await run(`INSERT INTO offer VALUES ($1, $2, $3, $4, 'PENDING', 1, $5)`, [
      id,
      errandId,
      userId,
      input?.amountMinor,
      now,
    ]);
    return { offer: { id }, errand: { id: errandId, state: 'OPEN', version: 1 } };
  }
  if (step === 'startErrand') {
    await lock(hand, errandId, 'ASSIGNED');
    return move(hand, errandId, 'IN_PROGRESS');
  }
  if (step === 'submitProof') {
    await lock(hand, errandId, 'IN_PROGRESS');
    for (const { kind, sha256 } of proofs)
      await run('INSERT INTO proof VALUES ($1, $2, $3, $4)', [randomUUID(), errandId, kind, sha256]);
    return move(hand, errandId, 'DELIVERED');
  }
  return step === 'fundEscrow' ? fund(hand, errandId) : confirm(hand, errandId);
}

async function fund(hand: Hand, errandId: string): Promise<Payload> {
  await lock(hand, errandId, 'AWAITING_FUNDING');
  const { id, gross } = await lockEscrow(hand, errandId);
  await book(hand, 'fund', errandId, [
    [`wallet:${hand.userId}`, -gross],
    [`escrow:${id}`, gross],
  ]);
  await hand.run(
    `UPDATE offer SET state = 'SUPERSEDED', version = version + 1 WHERE errand_id = $1 AND state = 'PENDING'`,
    [errandId],
  );
  await hand.run(`UPDATE escrow SET funded = gross, state = 'FUNDED', version = version + 1 WHERE id = $1`, [id]);
  return move(hand, errandId, 'ASSIGNED');
}

/** 12.5 % of commission and 7.5 % VAT on it. */
async function confirm(hand: Hand, errandId: string): Promise<Payload> {
  const runnerId = await lock(hand, errandId, 'DELIVERED', 'runner_id');
  const { id, gross } = await lockEscrow(hand, errandId);
  const commission = gross / 8n;
  const vat = (commission * 75n) / 1000n;
  await book(hand, 'confirm', errandId, [
    [`escrow:${id}`, -gross],
    [`wallet:${runnerId}`, gross - commission - vat],
    ['commission', commission],
    ['vat', vat],
  ]);
  await hand.run(`UPDATE escrow SET released = funded, state = 'RELEASED', version = version + 1 WHERE id = $1`, [id]);
  return move(hand, errandId, 'COMPLETED');
}

async function lock({ run }: Hand, errandId: string, state: string, column = 'id'): Promise<string> {
  const [row] = await run('SELECT id, runner_id, state FROM errand WHERE id = $1 FOR UPDATE', [errandId]);
  if (row?.['state'] !== state) throw new Error(`the errand is ${row?.['state'] ?? 'missing'}`);
  return row[column] ?? '';
}

async function lockEscrow({ run }: Hand, errandId: string): Promise<{ readonly id: string; readonly gross: bigint }> {
  const [row] = await run('SELECT id, gross FROM escrow WHERE errand_id = $1 FOR UPDATE', [errandId]);
  return { id: row?.['id'] ?? '', gross: BigInt(row?.['gross'] ?? 0) };
}

async function move({ run, now }: Hand, errandId: string, state: string, runnerId?: string): Promise<Payload> {
  const sql = `UPDATE errand SET state = $2, runner_id = coalesce($3, runner_id), version = version + 1, updated_at = $4
    WHERE id = $1 RETURNING version`;
  const [row] = await run(sql, [errandId, state, runnerId ?? null, now]);
  return { errand: { id: errandId, state, version: Number(row?.['version']) } };
}

/** Wallets and escrows are locked and carry a balance; the accounts of the house are appended to. */
async function book(
  { run, now }: Hand,
  kind: string,
  errandId: string,
  lines: readonly (readonly [string, bigint])[],
): Promise<void> {
  const id = randomUUID();
  await run('INSERT INTO journal VALUES ($1, $2, $3, $4)', [id, kind, errandId, now]);
  const balances = lines.filter(([code]) => code.includes(':'));
  await run(
    `INSERT INTO account AS a SELECT code, amount FROM unnest($1::text[], $2::bigint[]) AS v (code, amount) ORDER BY code
     ON CONFLICT (code) DO UPDATE SET balance = a.balance + excluded.balance`,
    [balances.map(([code]) => code), balances.map(([, amount]) => String(amount))],
  );
  await run(
    `INSERT INTO journal_line SELECT $1, nth, code, amount FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS v (code, amount, nth)`,
    [id, lines.map(([code]) => code), lines.map(([, amount]) => String(amount))],
  );
}

/** An event, news and a changed row. */
export async function tell({ run, now }: Hand, transition: string, errandId: string): Promise<void> {
  const payload = JSON.stringify({ transition, errandId, at: now });
  await run(`INSERT INTO event SELECT $1, coalesce(max(seq), 0) + 1, $2, $3 FROM event WHERE errand_id = $1`, [
    errandId,
    transition,
    now,
  ]);
  await run(`INSERT INTO outbox (topic, payload, created_at) VALUES ('errand.transition', $1, $2)`, [payload, now]);
  await run(`INSERT INTO row_change (model, after) VALUES ('Errand', $1)`, [payload]);
}
