import { system } from '@dure/dure';
import { nats } from '@dure/nats';
import { teaHouse } from './tea-house.ts';

// region line
export const onNats = system('tea-house', { ...teaHouse, broker: nats({ servers: 'nats://127.0.0.1:4222' }) });
// endregion
