export { kafkaFolder, kafkaProxied, kafkaServer, kafkaVersion } from './kafka-server.ts';
