import type { BrokerRecord } from '@dure/messaging';
import type { JsMsg } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { headers } from '@nats-io/transport-node';

const prefix = 'ce-';

/**
 * Attributes as headers, by the NATS binding of CloudEvents: `ce-type: order.placed`, percent-encoded where a value is no plain ASCII.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/nats-protocol-binding.md
 */
export function headersOf(attributes: BrokerRecord['attributes']): MsgHdrs {
  const made = headers();
  for (const [name, value] of Object.entries(attributes)) made.set(prefix + name, encoded(value));
  return made;
}

/** Reads them back; of a record of somebody else there may be none. */
export function recordOf(message: JsMsg): BrokerRecord {
  const attributes: Record<string, string> = {};
  for (const name of message.headers?.keys() ?? []) {
    if (name.startsWith(prefix)) attributes[name.slice(prefix.length)] = decoded(message.headers?.get(name) ?? '');
  }
  return { attributes, body: message.data };
}

function encoded(value: string): string {
  return value.replace(/[^\x21\x23\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character));
}

/** What somebody else wrote may be encoded in no way at all. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
