import { kafkaServer } from '@dure/kafka/testing';
import { brokeredBakeryContract } from '../../fixtures/brokered-bakery.ts';

brokeredBakeryContract(kafkaServer);
