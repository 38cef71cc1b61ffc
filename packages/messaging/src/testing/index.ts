export type { AsksUnderTest } from './ask-store-contract.ts';
export { askStoreContract } from './ask-store-contract.ts';
export type { BrokerContractOptions, BrokerUnderTest } from './broker-contract.ts';
export { brokerContract } from './broker-contract.ts';
export { runBrokerMember } from './broker-member.ts';
export type {
  DatabaseUnderTest,
  OpenDatabase,
  OpenParkingDatabase,
  ParkingDatabaseUnderTest,
} from './database-contract.ts';
export {
  foreignMessage,
  idempotencyContract,
  messageLogContract,
  unitOfWorkContract,
} from './database-contract.ts';
export { deliveryStoreContract, parkedKeysContract } from './delivery-contract.ts';
export { deliveryOperationsContract } from './delivery-operations-contract.ts';
export { eventually } from './eventually.ts';
export type { FeedUnderTest } from './feed-source-contract.ts';
export { feedSourceContract } from './feed-source-contract.ts';
export type { FollowersUnderTest } from './follower-store-contract.ts';
export { followerStoreContract } from './follower-store-contract.ts';
export type { Anomaly, AnomalyKind } from './history/anomaly.ts';
export { checkHistory } from './history/check-history.ts';
export type {
  History,
  HistoryEffect,
  HistoryEntry,
  HistoryMessage,
  HistoryPoll,
  HistoryUnit,
} from './history/history.ts';
export type { UnitRecording } from './history/history-recorder.ts';
export { HistoryRecorder } from './history/history-recorder.ts';
export { inboxContract } from './inbox-contract.ts';
export type { MemoryBroker } from './memory-broker.ts';
export { memoryBroker } from './memory-broker.ts';
export type { MemoryDatabase, MemoryDatabaseOptions } from './memory-database.ts';
export { memoryDatabase } from './memory-database.ts';
export { memoryRelayStore } from './memory-relay-store.ts';
export type { MemoryTx } from './memory-tx.ts';
export type { Death, MortalProcess } from './mortal-process.ts';
export { mortalProcess } from './mortal-process.ts';
export { oneByOne } from './one-by-one.ts';
export type { ParkingUnderTest } from './parking-contract.ts';
export { parkingContract } from './parking-contract.ts';
export type { PayloadsUnderTest } from './payload-store-contract.ts';
export { payloadStoreContract } from './payload-store-contract.ts';
export type { RelayStoreUnderTest } from './relay-store-contract.ts';
export { relayStoreContract } from './relay-store-contract.ts';
export type { ReplaysUnderTest } from './replay-store-contract.ts';
export { replayStoreContract } from './replay-store-contract.ts';
export { doIt, ignored, largeNoted, noted } from './sample-contracts.ts';
export type { Command, ServerKind, ServerPlan, TestServer } from './server-process.ts';
export { freePorts, hasCommand, startProcesses, startTestServer } from './server-process.ts';
export type { TimersUnderTest } from './timer-store-contract.ts';
export { timerStoreContract } from './timer-store-contract.ts';
export type { TlsBrokerUnderTest } from './tls-contract.ts';
export { tlsContract } from './tls-contract.ts';
export { togetherContract } from './together-contract.ts';
