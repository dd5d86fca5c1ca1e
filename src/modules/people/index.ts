export { blockCursor, createBlockService, type BlockService, type UserBlock } from './block.service.js';
export { createClosingService, type ClosingService } from './closing.service.js';
export { createOfferRulesService, type OfferRulesInput, type OfferRulesService } from './offer-rules.service.js';
export { createStandingService, type StandingService } from './standing.service.js';
