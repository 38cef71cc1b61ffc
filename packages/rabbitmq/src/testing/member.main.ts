import { seededRandom, systemClock } from '@dure/core';
import { runBrokerMember } from '@dure/messaging/testing';
import { rabbitmqBroker } from '../rabbitmq-broker.ts';

const kit = { name: 'member', partitions: 4 };
runBrokerMember((url) => rabbitmqBroker({ url, ...kit, clock: systemClock, random: seededRandom(9) }));
