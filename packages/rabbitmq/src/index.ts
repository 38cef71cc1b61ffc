export type { RabbitmqOptions } from './rabbitmq.ts';
export { rabbitmq } from './rabbitmq.ts';
