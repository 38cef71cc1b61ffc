import { historyOn } from './history-on.ts';

historyOn('kafka');
