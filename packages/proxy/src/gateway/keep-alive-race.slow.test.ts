import { keepAliveSuite } from '../testing/keep-alive-suite.ts';

keepAliveSuite(50, 4);
