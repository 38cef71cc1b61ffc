import { system } from '@dure/dure';
import { kafka } from '@dure/kafka';
import { teaHouse } from './tea-house.ts';

// region line
export const onKafka = system('tea-house', { ...teaHouse, broker: kafka({ servers: '127.0.0.1:9092' }) });
// endregion
