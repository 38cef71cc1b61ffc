import { kafkaServer } from '@dure/kafka/testing';
import { bakeryOnBroker } from '../../fixtures/brokered-bakery.ts';

bakeryOnBroker(kafkaServer);
