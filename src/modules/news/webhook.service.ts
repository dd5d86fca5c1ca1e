import {
  AppError,
  isUuid,
  notFound,
  pageOf,
  pageRequest,
  requireUser,
  uuidv7,
  type Clock,
  type Cursor,
  type Page,
  type UserViewer,
  type Viewer,
} from '../../kernel/index.js';
import type { Db, Prisma, Reader, Tx, WebhookDelivery, WebhookEndpoint } from '../../db/index.js';
import { recordAct, type AdminAction } from '../audit/index.js';
import { newestFirst, refuse, requireVersion } from '../errands/index.js';
import { topicFaults } from './news.topics.js';
import type { DeliveriesArgs, EndpointWithSecret, NewWebhookEndpoint, WebhookEndpointPatch } from './webhook.js';
import { urlFaults, type WebhookReach } from './webhook.address.js';
import type { WebhookSecrets } from './webhook.signature.js';

/** Where a market's news is sent. For its admins only. @throws AppError UNAUTHENTICATED, FORBIDDEN, NOT_FOUND */
export interface WebhookService {
  list(viewer: Viewer): Promise<readonly WebhookEndpoint[]>;
  /** Newest first. */
  deliveries(viewer: Viewer, args: DeliveriesArgs): Promise<Page<WebhookDelivery>>;
  /** @throws AppError BAD_INPUT naming every fault, LIMIT_EXCEEDED above 20 endpoints */
  create(viewer: Viewer, input: NewWebhookEndpoint): Promise<EndpointWithSecret>;
  /** What is made ACTIVE again is sent as it falls due. @throws AppError BAD_INPUT, VERSION_CONFLICT */
  update(
    viewer: Viewer,
    id: string,
    patch: WebhookEndpointPatch,
    expectedVersion?: number | null,
  ): Promise<WebhookEndpoint>;
  /** A new secret; for a day deliveries are signed with the old one, too. @throws AppError VERSION_CONFLICT */
  rotateSecret(viewer: Viewer, id: string, expectedVersion?: number | null): Promise<EndpointWithSecret>;
  /** With everything that was to be delivered. @throws AppError VERSION_CONFLICT */
  delete(viewer: Viewer, id: string, expectedVersion?: number | null): Promise<WebhookEndpoint>;
  /** Sends one again, with the same id and the same body, whatever came of it before. */
  replay(viewer: Viewer, deliveryId: string): Promise<WebhookDelivery>;
}

export interface WebhookServiceDeps {
  readonly db: Pick<Db, 'read' | 'write'>;
  readonly clock: Clock;
  readonly secrets: WebhookSecrets;
  readonly reach: WebhookReach;
  readonly giveUpAfterMs: number;
}

export const endpointsMax = 20;
const overlapMs = 24 * 60 * 60 * 1000;

/** Where a delivery stands in its list. */
export const deliveryCursor: (row: WebhookDelivery) => Cursor = newestFirst.cursor;

export function createWebhookService(deps: WebhookServiceDeps): WebhookService {
  const { db, clock, secrets } = deps;
  const change = (
    action: 'updateWebhookEndpoint' | 'rotateWebhookSecret',
    viewer: Viewer,
    id: string,
    expectedVersion: number | null | undefined,
    data: (endpoint: WebhookEndpoint, now: Date) => Prisma.WebhookEndpointUpdateInput,
  ): Promise<WebhookEndpoint> =>
    db.write(async (tx) => {
      const admin = requireAdmin(viewer);
      const endpoint = await lockEndpoint(tx, admin, id, expectedVersion);
      const now = clock.now();
      const stamps = { version: endpoint.version + 1, updatedAt: now };
      const changed = { ...data(endpoint, now), ...stamps };
      const after = await tx.webhookEndpoint.update({ where: { id: endpoint.id }, data: changed });
      await record(tx, admin, action, { before: endpoint, after }, now);
      return after;
    });
  return {
    async list(viewer) {
      const { tenantId } = requireAdmin(viewer);
      return db.read.webhookEndpoint.findMany({ where: { tenantId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
    },
    deliveries: (viewer, args) => deliveryPage(db.read, requireAdmin(viewer), args),
    create: (viewer, input) => db.write((tx) => create(tx, deps, requireAdmin(viewer), input)),
    async update(viewer, id, patch, expectedVersion) {
      const { url, topics, state } = patch;
      requireAdmin(viewer);
      refuse(inputFaults({ url, topics }, deps.reach));
      return change('updateWebhookEndpoint', viewer, id, expectedVersion, () => ({
        ...(url != null && { url }),
        ...(topics != null && { topics: [...topics] }),
        ...(state != null && { state, pausedReason: null, failingSince: null }),
      }));
    },
    async rotateSecret(viewer, id, expectedVersion) {
      const endpoint = await change('rotateWebhookSecret', viewer, id, expectedVersion, ({ secretSeq }, now) => ({
        secretSeq: secretSeq + 1,
        previousSecretUntil: new Date(now.getTime() + overlapMs),
      }));
      return { endpoint, secret: secrets.secretOf(endpoint.id, endpoint.secretSeq) };
    },
    delete: (viewer, id, expectedVersion) =>
      db.write(async (tx) => {
        const admin = requireAdmin(viewer);
        const endpoint = await lockEndpoint(tx, admin, id, expectedVersion);
        await record(tx, admin, 'deleteWebhookEndpoint', { before: endpoint }, clock.now());
        return tx.webhookEndpoint.delete({ where: { id: endpoint.id } });
      }),
    replay: (viewer, deliveryId) => db.write((tx) => replay(tx, deps, requireAdmin(viewer), deliveryId)),
  };
}

interface EndpointChange {
  readonly before?: WebhookEndpoint;
  readonly after?: WebhookEndpoint;
}

async function record(
  tx: Tx,
  by: UserViewer,
  action: AdminAction,
  { before, after }: EndpointChange,
  at: Date,
): Promise<void> {
  const targetId = (after ?? before)?.id ?? '';
  await recordAct(
    tx,
    by,
    { action, targetId, ...(before && { before: factsOf(before) }), ...(after && { after: factsOf(after) }) },
    at,
  );
}

/** Of the address its host: what stands behind it is often a secret. */
function factsOf({ url, topics, state, version }: WebhookEndpoint) {
  return { host: new URL(url).host, topics, state, version };
}

function requireAdmin(viewer: Viewer): UserViewer {
  const user = requireUser(viewer);
  if (user.roles.has('ADMIN')) return user;
  throw new AppError('FORBIDDEN', 'Only admins of the market send its news to webhooks.');
}

function inputFaults({ url, topics }: WebhookEndpointPatch, reach: WebhookReach) {
  return [
    ...(url == null ? [] : urlFaults('input.url', url, reach)),
    ...(topics == null ? [] : topicFaults('input.topics', topics)),
  ];
}

async function create(
  tx: Tx,
  { clock, secrets, reach }: WebhookServiceDeps,
  admin: UserViewer,
  input: NewWebhookEndpoint,
): Promise<EndpointWithSecret> {
  const { tenantId, userId } = admin;
  refuse(inputFaults(input, reach));
  // One at a time in a market, so that two at once do not both find the last place free.
  await tx.$queryRaw`SELECT id FROM tenant WHERE id = ${tenantId}::uuid FOR NO KEY UPDATE`;
  if ((await tx.webhookEndpoint.count({ where: { tenantId } })) >= endpointsMax)
    throw new AppError('LIMIT_EXCEEDED', `A market has ${endpointsMax} webhook endpoints at most; delete one first.`);
  const now = clock.now();
  const stamps = { version: 1, createdAt: now, updatedAt: now };
  const { url, topics } = input;
  const endpoint = await tx.webhookEndpoint.create({
    data: {
      id: uuidv7(now.getTime()),
      tenantId,
      ownerId: userId,
      url,
      topics: [...topics],
      state: 'ACTIVE',
      secretSeq: 1,
      ...stamps,
    },
  });
  await record(tx, admin, 'createWebhookEndpoint', { after: endpoint }, now);
  return { endpoint, secret: secrets.secretOf(endpoint.id, endpoint.secretSeq) };
}

async function lockEndpoint(
  tx: Tx,
  { tenantId }: UserViewer,
  id: string,
  expectedVersion: number | null | undefined,
): Promise<WebhookEndpoint> {
  if (!isUuid(id)) throw notFound('webhook endpoint', id);
  await tx.$queryRaw`SELECT id FROM webhook_endpoint WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`;
  const endpoint = await tx.webhookEndpoint.findFirst({ where: { tenantId, id } });
  if (!endpoint) throw notFound('webhook endpoint', id);
  requireVersion(endpoint, expectedVersion, 'webhook endpoint');
  return endpoint;
}

async function replay(
  tx: Tx,
  { clock, giveUpAfterMs }: WebhookServiceDeps,
  admin: UserViewer,
  deliveryId: string,
): Promise<WebhookDelivery> {
  const where = { tenantId: admin.tenantId, id: deliveryId };
  const delivery = isUuid(deliveryId) ? await tx.webhookDelivery.findFirst({ where }) : null;
  if (!delivery) throw notFound('webhook delivery', deliveryId);
  const now = clock.now();
  const { state, endpointId } = delivery;
  const facts = { before: { state }, after: { state: 'PENDING', endpointId } };
  await recordAct(tx, admin, { action: 'replayWebhookDelivery', targetId: deliveryId, ...facts }, now);
  const data = { state: 'PENDING' as const, nextAt: now, giveUpAt: new Date(now.getTime() + giveUpAfterMs) };
  return tx.webhookDelivery.update({ where: { id: delivery.id }, data });
}

async function deliveryPage(
  reader: Reader,
  { tenantId }: UserViewer,
  { endpointId, state, first, after }: DeliveriesArgs,
): Promise<Page<WebhookDelivery>> {
  const endpoint = isUuid(endpointId) && (await reader.webhookEndpoint.count({ where: { tenantId, id: endpointId } }));
  if (!endpoint) throw notFound('webhook endpoint', endpointId);
  const page = pageRequest(first ?? undefined, after ?? undefined, newestFirst.order);
  const rows = await reader.webhookDelivery.findMany({
    where: { AND: [{ tenantId, endpointId }, state ? { state } : {}, newestFirst.after(page.after)] },
    orderBy: [...newestFirst.orderBy],
    take: page.first + 1,
  });
  return pageOf(rows, page.first);
}
