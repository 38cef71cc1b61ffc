import { keepAliveSuite } from '../testing/keep-alive-suite.ts';

keepAliveSuite(250, 40);
