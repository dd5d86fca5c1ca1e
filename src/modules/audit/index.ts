export { adminActionNames, adminActions, auditTargets, type AdminAction, type AuditTarget } from './audit.js';
export { newAuditRow, recordAct, type AdminAct, type AuditFacts } from './audit.record.js';
export {
  auditCursor,
  createAuditService,
  type AuditEntry,
  type AuditFilter,
  type AuditListArgs,
  type AuditService,
  type AuditServiceDeps,
} from './audit.service.js';
