import { slowExchangesSuite } from '../testing/slow-exchanges-suite.ts';

slowExchangesSuite({ each: 200, deploys: 5, uploadMs: 10_000 });
