import type { BrokerRecord } from '../broker.port.ts';
import { fromCloudEvent, toCloudEvent } from '../cloud-event.ts';
import { messagingErrors } from '../errors.ts';
import type { Message } from '../message.ts';

/** A message from a broker. */
export interface Arrival {
  readonly message: Message;
  /** The position before it in its lane and topic: whoever has not got so far has missed something. */
  readonly previous: number;
  /** The era of the log in which it was published; undefined for what is older than eras on brokers. */
  readonly era: string | undefined;
  /** The data stayed in the log, because the broker takes nothing so large. */
  readonly inLog: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** What a record says besides its message. */
export interface Place {
  readonly previous: number;
  readonly era: string | undefined;
}

/**
 * Writes a message for a broker: CloudEvents 1.0 in binary mode. `dureprevious` chains the records of a lane, `dureera` says of which
 * line of the log they are; data of more than `maxBytes` stays behind, and `durein: log` says where.
 */
export function toRecord(message: Message, { previous, era }: Place, maxBytes: number): BrokerRecord {
  const { data, ...event } = toCloudEvent(message);
  const body = encoder.encode(JSON.stringify(data) ?? 'null');
  const fits = body.byteLength <= maxBytes;
  const attributes = {
    ...event,
    dureprevious: String(previous),
    ...(era === undefined ? {} : { dureera: era }),
    ...(fits ? {} : { durein: 'log' }),
  };
  return { attributes, body: fits ? body : encoder.encode('null') };
}

/** Reads it back. MESSAGING_ENVELOPE_INVALID. */
export function fromRecord({ attributes, body }: BrokerRecord): Arrival {
  const { dureprevious = '', dureera, durein, ...event } = attributes;
  if (!/^\d{1,16}$/.test(dureprevious)) {
    throw messagingErrors.ENVELOPE_INVALID(
      `this is not a record of a Dure relay: "dureprevious" is ${JSON.stringify(dureprevious)}, expected a position`,
    );
  }
  if (dureera !== undefined && !/^[\w-]{1,64}$/.test(dureera)) {
    throw messagingErrors.ENVELOPE_INVALID(`"dureera" is ${JSON.stringify(dureera)}, expected the name of an era`);
  }
  return {
    message: fromCloudEvent({ ...event, data: parse(body) }),
    previous: Number(dureprevious),
    era: dureera,
    inLog: durein === 'log',
  };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch (cause) {
    throw messagingErrors.ENVELOPE_INVALID('the data of a record is no JSON in UTF-8', { cause });
  }
}
