export type { BrokerConsumer, BrokerConsumerOptions, BrokerSource } from './broker-consumer.ts';
export { startBrokerConsumer } from './broker-consumer.ts';
export type { Relay, RelayOptions, RelayState } from './relay.ts';
export { startRelay } from './relay.ts';
export { sinceBroker } from './since-broker.ts';
export type { Routes } from './topics.ts';
export { eventsTopic, inboxTopic, routesOf } from './topics.ts';
