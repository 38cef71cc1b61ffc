import { slowExchangesSuite } from '../testing/slow-exchanges-suite.ts';

slowExchangesSuite({ each: 10, deploys: 1, uploadMs: 2_000 });
