export { accountLabels, labelOf, type AccountLabel } from './account.label.js';
export type { Action, ActionPosting } from './action.js';
export { offerMoves, type OfferMove } from './offer.preview.js';
export { createActionService, type ActionService, type ActionServiceDeps } from './action.service.js';
