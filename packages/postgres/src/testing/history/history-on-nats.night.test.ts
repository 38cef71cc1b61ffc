import { historyOn, wrongHistoryOn } from './history-on.ts';

historyOn('nats');
wrongHistoryOn('nats');
