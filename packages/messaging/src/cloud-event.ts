import { messagingErrors } from './errors.ts';
import type { Message, MessageMeta, SagaMark } from './message.ts';

/**
 * A message on the wire: CloudEvents 1.0 in structured JSON form, with our extensions (`dure…`; names are lower-case
 * letters as the specification demands, and positions are strings because its integers have 32 bits).
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export interface CloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** `/order/log` */
  readonly source: string;
  readonly type: string;
  /** `urn:dure:order.placed:1`: type and version of the data. */
  readonly dataschema: string;
  /** The key. */
  readonly subject: string;
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly partitionkey: string;
  readonly datacontenttype: 'application/json';
  readonly traceparent?: string;
  readonly durekind: Message['kind'];
  readonly durepos: string;
  readonly duredest?: string;
  readonly durecorrelation: string;
  readonly durecausation?: string;
  readonly dureinreplyto?: string;
  /** SHA-256 of data that were put aside, and how many bytes they are. */
  readonly dureclaim?: string;
  readonly dureclaimbytes?: string;
  /** RFC 3339 in UTC. */
  readonly duredeadline?: string;
  readonly duresagaid?: string;
  readonly duresagastep?: string;
  readonly duresagadirection?: SagaMark['direction'];
  readonly data: unknown;
}

/** Writes a message as a CloudEvent. */
export function toCloudEvent(message: Message): CloudEvent {
  const { meta } = message;
  return {
    specversion: '1.0',
    id: message.id,
    source: `/${message.source}/log`,
    type: message.type,
    dataschema: `urn:dure:${message.type}:${message.version}`,
    subject: message.key,
    time: new Date(message.at).toISOString(),
    partitionkey: message.key,
    datacontenttype: 'application/json',
    durekind: message.kind,
    durepos: String(message.position),
    durecorrelation: meta.correlation,
    ...(message.destination === undefined ? {} : { duredest: message.destination }),
    ...(meta.traceparent === undefined ? {} : { traceparent: meta.traceparent }),
    ...(meta.causation === undefined ? {} : { durecausation: meta.causation }),
    ...(meta.inReplyTo === undefined ? {} : { dureinreplyto: meta.inReplyTo }),
    ...(meta.claim === undefined ? {} : { dureclaim: meta.claim.sha256, dureclaimbytes: String(meta.claim.bytes) }),
    ...(meta.deadline === undefined ? {} : { duredeadline: new Date(meta.deadline).toISOString() }),
    ...(meta.saga === undefined
      ? {}
      : { duresagaid: meta.saga.id, duresagastep: meta.saga.step, duresagadirection: meta.saga.direction }),
    data: message.data,
  };
}

/** Reads a CloudEvent of ours back. MESSAGING_ENVELOPE_INVALID when an attribute is missing or of the wrong kind. */
export function fromCloudEvent(value: unknown): Message {
  if (typeof value !== 'object' || value === null) throw invalid('it is no JSON object', value);
  const from = value as Readonly<Record<string, unknown>>;
  const kind = from.durekind;
  if (kind !== 'event' && kind !== 'command' && kind !== 'reply') {
    throw invalid(`"durekind" is ${JSON.stringify(kind)}, expected event, command or reply`, value);
  }
  const destination = optional(from, 'duredest');
  if ((kind === 'event') !== (destination === undefined)) {
    throw invalid(`"duredest" belongs to commands and replies only, this is a ${kind}`, value);
  }
  const type = text(from, 'type');
  return {
    position: wholeNumber(text(from, 'durepos'), 'durepos', value),
    id: text(from, 'id'),
    kind,
    source: matched(from, 'source', /^\/(.+)\/log$/, '/<service>/log'),
    type,
    version: wholeNumber(matched(from, 'dataschema', /:(\d+)$/, 'urn:dure:<type>:<version>'), 'dataschema', value),
    key: text(from, 'subject'),
    destination,
    at: epochMs(text(from, 'time'), value),
    data: from.data ?? null,
    meta: metaOf(from),
  };
}

function metaOf(from: Readonly<Record<string, unknown>>): MessageMeta {
  const traceparent = optional(from, 'traceparent');
  const causation = optional(from, 'durecausation');
  const inReplyTo = optional(from, 'dureinreplyto');
  const deadline = optional(from, 'duredeadline');
  const claim = optional(from, 'dureclaim');
  const id = optional(from, 'duresagaid');
  return {
    correlation: text(from, 'durecorrelation'),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(causation === undefined ? {} : { causation }),
    ...(inReplyTo === undefined ? {} : { inReplyTo }),
    ...(claim === undefined
      ? {}
      : { claim: { sha256: claim, bytes: wholeNumber(text(from, 'dureclaimbytes'), 'dureclaimbytes', from) } }),
    ...(deadline === undefined ? {} : { deadline: epochMs(deadline, from) }),
    ...(id === undefined
      ? {}
      : {
          saga: {
            id,
            step: text(from, 'duresagastep'),
            direction: directionOf(optional(from, 'duresagadirection')),
          },
        }),
  };
}

function text(from: Readonly<Record<string, unknown>>, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw invalid(`"${name}" is ${JSON.stringify(value)}, expected a string`, from);
  return value;
}

function optional(from: Readonly<Record<string, unknown>>, name: string): string | undefined {
  return from[name] === undefined ? undefined : text(from, name);
}

function matched(from: Readonly<Record<string, unknown>>, name: string, pattern: RegExp, expected: string): string {
  const found = pattern.exec(text(from, name))?.[1];
  if (found === undefined) throw invalid(`"${name}" is ${JSON.stringify(from[name])}, expected ${expected}`, from);
  return found;
}

function wholeNumber(digits: string, name: string, value: unknown): number {
  const number = Number(digits);
  if (!/^\d+$/.test(digits) || !Number.isSafeInteger(number)) {
    throw invalid(`"${name}" is "${digits}", expected a whole number up to 2^53-1`, value);
  }
  return number;
}

function epochMs(time: string, value: unknown): number {
  const at = Date.parse(time);
  if (Number.isNaN(at)) throw invalid(`"time" is "${time}", expected RFC 3339`, value);
  return at;
}

function invalid(why: string, value: unknown): Error {
  const { data: _hidden, ...envelope } = (typeof value === 'object' && value !== null ? value : { value }) as {
    data?: unknown;
  };
  return messagingErrors.ENVELOPE_INVALID(
    `this is not an envelope of a Dure log: ${why}; in ${JSON.stringify(envelope).slice(0, 300)}`,
  );
}

function directionOf(written: string | undefined): SagaMark['direction'] {
  return written === 'undo' || written === 'ask' || written === 'end' ? written : 'do';
}
