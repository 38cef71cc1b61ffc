import { seededRandom, systemClock } from '@dure/core';
import { runBrokerMember } from '@dure/messaging/testing';
import { natsBroker } from '../nats-broker.ts';

const kit = { name: 'member', partitions: 8, replicas: 1, keepMs: 86_400_000 };
runBrokerMember((servers) => natsBroker({ servers, ...kit, clock: systemClock, random: seededRandom(9) }));
