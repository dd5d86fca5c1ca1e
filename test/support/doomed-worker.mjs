// Confirms or funds one errand with a key, as a process of its own that may be killed at any moment: the built program's services.
import { createDb } from '../../dist/db/index.js';
import { silentLogger } from '../../dist/kernel/index.js';
import { createEscrowService } from '../../dist/modules/escrows/index.js';
import { createIdempotencyService } from '../../dist/modules/idempotency/index.js';

const { url, now, viewer, errandId, key, move } = JSON.parse(process.argv[2]);
const clock = { now: () => new Date(now) };
const db = createDb({ url, logger: silentLogger, poolMax: 1 });
const escrows = createEscrowService({ db, clock });
const idempotency = createIdempotencyService({ db, clock, ttlMs: 86_400_000 });
const moves = {
  confirm: (user) => escrows.confirm(user, errandId, { goodsSpent: 400n }),
  fundFromWallet: (user) => escrows.fund(user, errandId),
};
const user = { ...viewer, roles: new Set(viewer.roles) };
const { isReplay } = await idempotency.once(user, { operation: 'doomed', key, request: errandId }, () =>
  moves[move](user),
);
process.stdout.write(`${JSON.stringify({ isReplay })}\n`);
await db.close();
