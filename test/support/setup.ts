import { tellOutputsOfFailures } from './server-outputs.js';

tellOutputsOfFailures();
