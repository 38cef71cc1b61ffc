import type { BrokerRecord } from '@dure/messaging';
import type { ConsumeMessage } from 'amqplib';

/** CloudEvents' binding is for AMQP 1.0, whose prefix also survives where a header may hold no colon. */
const prefix = 'cloudEvents_';

/**
 * Attributes as headers: `cloudEvents_type: order.placed`.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md
 */
export function headersOf(attributes: BrokerRecord['attributes']): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [prefix + name, value]));
}

/** Reads them back; of a record of somebody else there may be none. */
export function recordOf({ properties, content }: ConsumeMessage): BrokerRecord {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties.headers ?? {})) {
    if (/^cloudEvents[_:]/.test(name) && typeof value === 'string') attributes[name.slice(prefix.length)] = value;
  }
  return { attributes, body: content };
}
