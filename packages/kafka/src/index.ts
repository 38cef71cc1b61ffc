export type { KafkaOptions } from './kafka.ts';
export { kafka } from './kafka.ts';
export type { KafkaBusOptions } from './kafka-bus.ts';
export { kafkaBus } from './kafka-bus.ts';
