import { rabbitmqServer } from '@dure/rabbitmq/testing';
import { brokeredBakeryContract } from '../../fixtures/brokered-bakery.ts';

brokeredBakeryContract(rabbitmqServer);
