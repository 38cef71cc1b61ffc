export { rabbitmqServer } from './rabbitmq-server.ts';
