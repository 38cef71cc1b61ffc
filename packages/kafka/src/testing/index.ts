export { kafkaFolder, kafkaServer, kafkaVersion } from './kafka-server.ts';
