import { historyOn, wrongHistoryOn } from './history-on.ts';

historyOn('rabbitmq');
wrongHistoryOn('rabbitmq');
