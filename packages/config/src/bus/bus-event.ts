/** What travels on the bus, in Spring Cloud Bus' terms. */
export type BusEvent = RefreshEvent | EnvironmentChangeEvent | AckEvent | UnknownEvent;

interface BusEnvelope {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly timestamp: number;
  /** The sender's bus id. */
  readonly origin: string;
  /** Undefined is everybody. */
  readonly destination: string | undefined;
}

/** Read your configuration again. */
export interface RefreshEvent extends BusEnvelope {
  readonly kind: 'refresh';
}

/** Set these keys above all else that you are configured with. */
export interface EnvironmentChangeEvent extends BusEnvelope {
  readonly kind: 'environment';
  readonly values: Readonly<Record<string, string>>;
}

/** Somebody has heard another event. */
export interface AckEvent extends BusEnvelope {
  readonly kind: 'ack';
  readonly ackId: string;
  readonly ackDestination: string;
  /** The fully qualified Java class of the event that was heard. */
  readonly event: string;
}

/** An event of a kind that we do not know, addressed to nobody. */
export interface UnknownEvent extends BusEnvelope {
  readonly kind: 'unknown';
  readonly type: string;
}

const javaPackage = 'org.springframework.cloud.bus.event';

const typeNames = {
  refresh: 'RefreshRemoteApplicationEvent',
  environment: 'EnvironmentChangeRemoteApplicationEvent',
  ack: 'AckRemoteApplicationEvent',
} as const;

/** What an acknowledgement calls an event. */
export function javaClassOf(kind: 'refresh' | 'environment'): string {
  return `${javaPackage}.${typeNames[kind]}`;
}

/** Spring's JSON of an event, as an object. */
export function busEventJson(event: Exclude<BusEvent, UnknownEvent>): Readonly<Record<string, unknown>> {
  const { kind, timestamp, origin, destination, id } = event;
  const envelope = {
    type: typeNames[kind],
    timestamp,
    originService: origin,
    destinationService: destination ?? '**',
    id,
  };
  switch (event.kind) {
    case 'refresh':
      return envelope;
    case 'environment':
      return { ...envelope, values: event.values };
    case 'ack':
      return { ...envelope, ackId: event.ackId, ackDestinationService: event.ackDestination, event: event.event };
    default:
      return event satisfies never;
  }
}

const longestText = 2 ** 20;
const mostValues = 1_000;

/** Reads what another has sent: text, bytes as text, or JSON already read. Undefined for what is no event at all. */
export function readBusEvent(sent: unknown, newId: () => string): BusEvent | undefined {
  const body = typeof sent === 'string' ? parsed(sent) : sent;
  if (!isRecord(body) || typeof body.type !== 'string') return undefined;
  const envelope = {
    id: textOf(body.id) ?? newId(),
    timestamp: typeof body.timestamp === 'number' ? body.timestamp : 0,
    origin: textOf(body.originService) ?? '',
    destination: textOf(body.destinationService),
  };
  switch (body.type) {
    case typeNames.refresh:
      return { kind: 'refresh', ...envelope };
    case typeNames.environment:
      return { kind: 'environment', ...envelope, values: valuesOf(body.values) };
    case typeNames.ack:
      return {
        kind: 'ack',
        ...envelope,
        ackId: textOf(body.ackId) ?? '',
        ackDestination: textOf(body.ackDestinationService) ?? '',
        event: textOf(body.event) ?? '',
      };
    default:
      return { kind: 'unknown', ...envelope, type: body.type };
  }
}

function valuesOf(values: unknown): Readonly<Record<string, string>> {
  if (!isRecord(values)) return {};
  const texts = Object.entries(values).filter(([, value]) => value !== null && typeof value !== 'object');
  return Object.fromEntries(texts.slice(0, mostValues).map(([key, value]) => [key, String(value)]));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return text.length > longestText ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
