import type { JsonSchema } from '@dure/core';
import type { Message } from '@dure/messaging';
import type { Transport } from './transports.ts';

const text = { type: 'string' };

/** The attributes of a message by CloudEvents 1.0; those of ours begin with `dure`. */
const attributes: Readonly<Record<string, JsonSchema>> = {
  specversion: { const: '1.0' },
  id: { ...text, format: 'uuid', description: 'The same however often the message is delivered.' },
  source: { ...text, description: 'In whose log it stands: `/order/log`.' },
  type: text,
  dataschema: { ...text, description: 'Type and version of the data: `urn:dure:order.placed:1`.' },
  subject: { ...text, description: 'The key.' },
  time: { ...text, format: 'date-time' },
  partitionkey: { ...text, description: 'What has the same keeps its order.' },
  datacontenttype: { const: 'application/json' },
  traceparent: { ...text, description: 'W3C Trace Context.' },
  durekind: { enum: ['event', 'command', 'reply'] satisfies Message['kind'][] },
  durepos: { ...text, pattern: '^\\d+$', description: 'Its position in the log of its source.' },
  duredest: { ...text, description: 'Whom a command or a reply is for.' },
  durecorrelation: { ...text, description: 'The flow that it belongs to, from message to message.' },
  durecausation: { ...text, description: 'What caused it: a message, or the trace of a call.' },
  dureinreplyto: { ...text, description: 'Of a reply: the id of its command.' },
  duresagaid: text,
  duresagastep: text,
  duresagadirection: { enum: ['do', 'undo', 'ask', 'end'] },
};

/** What only a broker's record has. */
const ofRecords: Readonly<Record<string, JsonSchema>> = {
  dureprevious: { ...text, pattern: '^\\d+$', description: 'The position before it in its lane.' },
  durein: { const: 'log', description: 'The data are too large, and are taken from the log of the source.' },
};

const always = [
  ...['specversion', 'id', 'source', 'type', 'dataschema', 'subject', 'time', 'partitionkey', 'datacontenttype'],
  ...['durekind', 'durepos', 'durecorrelation'],
];

/** The envelope of all messages of a transport. */
export function envelopeSchema({ headerPrefix }: Transport): JsonSchema {
  if (headerPrefix === undefined) return { type: 'object', properties: attributes, required: [...always, 'data'] };
  const named = Object.entries({ ...attributes, ...ofRecords }).map(([name, schema]) => [headerPrefix + name, schema]);
  const required = [...always, 'dureprevious'].map((name) => headerPrefix + name);
  return withMediaType({ type: 'object', properties: Object.fromEntries(named), required }, headerPrefix);
}

/** In Kafka the media type has a header of its own. */
function withMediaType(schema: JsonSchema, prefix: string): JsonSchema {
  if (prefix !== 'ce_') return schema;
  const { ce_datacontenttype: mediaType, ...properties } = schema.properties as Readonly<Record<string, JsonSchema>>;
  const required = (schema.required as readonly string[]).map((name) =>
    name === 'ce_datacontenttype' ? 'content-type' : name,
  );
  return { ...schema, properties: { ...properties, 'content-type': mediaType }, required };
}

/** What is the same in all messages of one type: their envelope, and what their body is. */
export function messageBody(
  { type, version, kind }: { readonly type: string; readonly version: number; readonly kind: Message['kind'] },
  { headerPrefix = '', ...transport }: Transport,
  envelope: JsonSchema,
  data: JsonSchema,
): Readonly<Record<string, unknown>> {
  const isBody = headerPrefix === '';
  const fixed = {
    [`${headerPrefix}type`]: { const: type },
    [`${headerPrefix}dataschema`]: { const: `urn:dure:${type}:${version}` },
    [`${headerPrefix}durekind`]: { const: kind },
  };
  const of = (more: object) => ({ allOf: [envelope, { type: 'object', properties: { ...fixed, ...more } }] });
  return isBody
    ? { contentType: 'application/cloudevents+json', payload: of({ data }), ...transport.message }
    : { contentType: 'application/json', headers: of({}), payload: data, ...transport.message };
}
