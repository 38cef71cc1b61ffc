import { rabbitmqServer } from '@dure/rabbitmq/testing';
import { bakeryOnBroker } from '../../fixtures/brokered-bakery.ts';

bakeryOnBroker(rabbitmqServer);
