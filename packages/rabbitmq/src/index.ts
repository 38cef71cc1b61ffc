export type { RabbitmqOptions } from './rabbitmq.ts';
export { rabbitmq } from './rabbitmq.ts';
export type { RabbitmqBusOptions } from './rabbitmq-bus.ts';
export { rabbitmqBus } from './rabbitmq-bus.ts';
