export type { AnyCommand, CommandInput, CommandOutput, CommandType, RefusalSpec, RefusalSpecs } from './command.ts';
export type { DeliveryStore } from './delivery.port.ts';
export type { AnyEvent, EventData, EventType } from './event.ts';
export { event } from './event.ts';
export type { Message, MessageMeta, ReplyData } from './message.ts';
export type { LogPage, MessageFilter, MessageLog } from './message-log.port.ts';
export type { Outbox, UnitOfWork } from './unit-of-work.port.ts';
