export { answeredInTime } from './answered-in-time.ts';
export type { AskStore, AskWish } from './ask-store.port.ts';
export type { AskedCommand, AskOptions, AskRefusal } from './asked-command.ts';
export type {
  Broker,
  BrokerRecord,
  BrokerState,
  Publication,
  SubscribeOptions,
  Subscription,
  Topic,
} from './broker.port.ts';
export { brokerLanes, trackOf } from './broker-lane.ts';
export type { BrokerCredentials, BrokerKit, BrokerResource } from './broker-resource.ts';
export { asideBytes, chunksOf, claimIn, putAside, redeemed } from './claim-check.ts';
export type { CloudEvent } from './cloud-event.ts';
export { fromCloudEvent, toCloudEvent } from './cloud-event.ts';
export type {
  AnyCommand,
  ClaimSpec,
  CommandInput,
  CommandOutput,
  CommandType,
  RefusalSpec,
  RefusalSpecs,
} from './command.ts';
export type { BatchEffect, Delivery, DeliveryFailure, DeliveryWay, Effect } from './delivery.ts';
export type {
  DeliveryAction,
  DeliveryOperations,
  ParkedFilter,
  ParkedKeyView,
  ParkedMessageView,
  StreamInEra,
} from './delivery-operations.port.ts';
export type { DeliveryOutcome, DeliveryStore, ParkingDeliveryStore, StreamReached } from './delivery-store.port.ts';
export { messagingErrors } from './errors.ts';
export type { AnyEvent, EventData, EventType } from './event.ts';
export { event } from './event.ts';
export { expiredReply } from './expired.ts';
export type { Flow } from './flow.ts';
export { flow } from './flow.ts';
export type { LaneRange } from './lane.ts';
export { everyLane, laneOf } from './lane.ts';
export type { LogTail, LogTailOptions } from './log-tail.ts';
export { logTail } from './log-tail.ts';
export type { Message, MessageMeta, PayloadClaim, ReplyData, SagaMark } from './message.ts';
export type {
  BufferedMessage,
  BufferedTimer,
  BufferOptions,
  MessageBuffer,
  MessageCause,
  MessageDraft,
  StreamMark,
} from './message-buffer.ts';
export { baggageOf, causeOf, maxDataLength, messageBuffer } from './message-buffer.ts';
export { matcher } from './message-filter.ts';
export type { LogPage, MessageFilter, MessageLog, TrackEnds } from './message-log.port.ts';
export { OrderedDeliveries } from './ordered-deliveries.ts';
export type { DeliveryStanding, Intervention, ParkedKeys, ParkedMessage } from './parked-keys.port.ts';
export type { Parking } from './parking.port.ts';
export type { PayloadStore } from './payload-store.port.ts';
export type { PersonalData, PersonalMarks } from './personal.ts';
export { personal, personalData, personalMarks } from './personal.ts';
export type { RelayMark, RelayStore } from './relay-store.port.ts';
export type {
  HeldMessage,
  Replay,
  ReplayAction,
  ReplayFailure,
  ReplayStart,
  ReplayStore,
  ReplayWish,
} from './replay-store.port.ts';
export type { MessageInput, Outbox, Scheduling, UnitOfWork, When } from './unit-of-work.port.ts';
export type { Upcasts, Versioned, WithUpcast } from './upcast.ts';
export { upcasted } from './upcast.ts';
