import { natsServer } from '@dure/nats/testing';
import { bakeryOnBroker } from '../../fixtures/brokered-bakery.ts';

bakeryOnBroker(natsServer);
