import { natsServer } from '@dure/nats/testing';
import { brokeredBakeryContract } from '../../fixtures/brokered-bakery.ts';

brokeredBakeryContract(natsServer);
