import { seededRandom, systemClock } from '@dure/core';
import { runBrokerMember } from '@dure/messaging/testing';
import { kafkaBroker } from '../kafka-broker.ts';

const kit = { name: 'member', partitions: 4, replicas: 1 };
runBrokerMember((servers) => kafkaBroker({ servers, ...kit, clock: systemClock, random: seededRandom(9) }));
