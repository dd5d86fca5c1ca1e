export { standardFees, type MarketFees, type NewMarket } from './market.input.js';
export {
  createMarketService,
  type ChangedFees,
  type MarketListing,
  type MarketService,
  type OpenedMarket,
} from './market.service.js';
export { isLoading, loadingSuffix, takeTurn } from './market.turn.js';
