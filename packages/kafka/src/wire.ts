import type { BrokerRecord } from '@dure/messaging';

const prefix = 'ce_';

/**
 * Attributes as headers, by the Kafka binding of CloudEvents: `ce_type: order.placed`; the media type has a header of its own.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
 */
export function headersOf({ datacontenttype, ...attributes }: BrokerRecord['attributes']): Record<string, string> {
  const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [prefix + name, value]));
  return datacontenttype === undefined ? headers : { ...headers, 'content-type': datacontenttype };
}

/** Reads them back; of a record of somebody else there may be none. */
export function recordOf(headers: ReadonlyMap<string, string>, value: Uint8Array | undefined): BrokerRecord {
  const attributes: Record<string, string> = {};
  for (const [name, text] of headers) {
    if (name.startsWith(prefix)) attributes[name.slice(prefix.length)] = text;
    else if (name === 'content-type') attributes.datacontenttype = text;
  }
  return { attributes, body: value ?? new Uint8Array() };
}
