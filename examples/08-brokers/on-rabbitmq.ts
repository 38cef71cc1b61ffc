import { system } from '@dure/dure';
import { rabbitmq } from '@dure/rabbitmq';
import { teaHouse } from './tea-house.ts';

// region line
export const onRabbitmq = system('tea-house', { ...teaHouse, broker: rabbitmq({ url: 'amqp://127.0.0.1:5672' }) });
// endregion
