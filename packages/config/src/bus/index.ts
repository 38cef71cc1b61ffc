export { busDestination, isMeant } from './bus-destination.ts';
export type { AckEvent, BusEvent, EnvironmentChangeEvent, RefreshEvent, UnknownEvent } from './bus-event.ts';
export { busEventJson, readBusEvent } from './bus-event.ts';
export type { BusIdParts } from './bus-id.ts';
export { busId } from './bus-id.ts';
export type { BusConnection, BusResource, BusTransport } from './bus-transport.port.ts';
export type { Bus, BusOptions } from './open-bus.ts';
export { openBus } from './open-bus.ts';
