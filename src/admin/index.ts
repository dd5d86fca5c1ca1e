export * from './types.js';
export { createCacheAdmin, type Asking, type CacheAdmin, type CacheAdminDeps } from './cache-admin.js';
export { createWarming, type Warming } from './warming.js';
export { commandLine, operatorOf, type Operator } from './operator.js';
export { createAdvisor, type Advisor, type AdviceReport, type AdvisorOptions } from './advice/advisor.js';
export { hitRatioAt, type Prediction, type TypeAdvice } from './advice/predict.js';
export { addCacheRoutes, type CacheRoutesOptions } from './routes/cache.routes.js';
export { createProgram, type ProgramDeps } from './cli/program.js';
