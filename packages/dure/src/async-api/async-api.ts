import type { JsonSchema } from '@dure/core';
import type { AnyCommand, AnyEvent, Message } from '@dure/messaging';
import type { ServiceDefinition } from '@dure/service/server';
import { awaitedEvents } from '../awaited-events.ts';
import { envelopeSchema, messageBody } from './envelope-schema.ts';
import { PayloadSchemas } from './payload-schemas.ts';
import type { Transport } from './transports.ts';
import { transportOf } from './transports.ts';

/** An AsyncAPI 3.0 document, as plain data. */
export type AsyncApi = Readonly<Record<string, unknown>>;

/** What a document says that a service's definition does not. */
export interface AsyncApiOptions {
  readonly system: string;
  /** The kind of the system's broker; undefined where messages go by the feeds. */
  readonly broker: string | undefined;
  /** Whose event it is. Default: by its name, `order.placed` is of `order`. */
  readonly emitterOf?: (event: string) => string | undefined;
}

/**
 * Writes the messages of a service as an AsyncAPI 3.0 document: the events that it emits and reacts to, the commands that it carries
 * out and sends, with their replies. CORE_SCHEMA_INEXPRESSIBLE.
 * https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApi(definition: ServiceDefinition, options: AsyncApiOptions): AsyncApi {
  const { contract, sagas, metadata } = definition;
  const service = contract.name;
  const document = new Document(service, transportOf(options.broker, options.system));
  const emitterOf = (event: string) => options.emitterOf?.(event) ?? event.split('.')[0] ?? service;
  for (const event of contract.emits) document.emits(event);
  for (const event of awaitedEvents(definition)) document.hears(event, emitterOf(event.name));
  for (const command of Object.values(contract.commands)) document.carriesOut(command);
  for (const command of sagas.flatMap(({ sends }) => sends)) document.sends(command);
  return document.result({ title: `${options.system}: ${service}`, version: metadata.version ?? '1' });
}

interface Operation {
  readonly action: 'send' | 'receive';
  readonly channel: string;
  readonly message: string;
  readonly reply?: { readonly channel: string; readonly message: string };
}

class Document {
  readonly #service: string;
  readonly #transport: Transport;
  readonly #schemas = new PayloadSchemas();
  readonly #messages = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #channels = new Map<
    string,
    { readonly about: Readonly<Record<string, unknown>>; readonly messages: Set<string> }
  >();
  readonly #operations = new Map<string, Operation>();

  constructor(service: string, transport: Transport) {
    this.#service = service;
    this.#transport = transport;
  }

  emits(event: AnyEvent): void {
    const message = this.#event(event, 'output');
    this.#operation('send', this.#channel('events', this.#service, message), message);
  }

  hears(event: AnyEvent, emitter: string): void {
    const message = this.#event(event, 'input');
    this.#operation('receive', this.#channel('events', emitter, message), message);
  }

  /** Its replies go to whoever has sent it. */
  carriesOut(command: AnyCommand): void {
    const { asked, reply } = this.#command(command, 'input', 'output');
    const replies = this.#open('replies', {
      address: null,
      title: 'Replies',
      description: 'The inbox of whoever has sent the command.',
    });
    replies.messages.add(reply);
    this.#operation('receive', this.#channel('inbox', this.#service, asked), asked, {
      channel: 'replies',
      message: reply,
    });
  }

  sends(command: AnyCommand): void {
    const { asked, reply } = this.#command(command, 'output', 'input');
    const channel = this.#channel('inbox', this.#service, reply);
    this.#operation('send', this.#channel('inbox', command.service, asked), asked, { channel, message: reply });
  }

  result(info: Readonly<Record<string, unknown>>): AsyncApi {
    this.#schemas.put('envelope', () => envelopeSchema(this.#transport));
    return {
      asyncapi: '3.0.0',
      info,
      defaultContentType: 'application/json',
      channels: sorted(this.#channels, ({ about, messages }) => ({
        ...about,
        messages: Object.fromEntries(
          [...messages].sort().map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      })),
      operations: sorted(this.#operations, ({ action, channel, message, reply }) => ({
        action,
        channel: { $ref: `#/channels/${channel}` },
        messages: [messageIn(channel, message)],
        ...(action === 'receive' ? this.#transport.receive(this.#service) : {}),
        ...(reply === undefined
          ? {}
          : {
              reply: {
                channel: { $ref: `#/channels/${reply.channel}` },
                messages: [messageIn(reply.channel, reply.message)],
              },
            }),
      })),
      components: { messages: sorted(this.#messages, (message) => message), schemas: this.#schemas.all() },
    };
  }

  #event({ name, version, schema }: AnyEvent, direction: 'input' | 'output'): string {
    return this.#message(name, { type: name, version, kind: 'event' }, this.#schemas.add(name, schema, direction));
  }

  #command(
    { service, name, version = 1, input, output, refuses }: AnyCommand,
    asks: 'input' | 'output',
    answers: 'input' | 'output',
  ) {
    const type = `${service}.${name}`;
    const about = { type, version, kind: 'command' } as const;
    const asked = this.#message(type, about, this.#schemas.add(type, input, asks));
    const value = output === undefined ? {} : this.#schemas.add(`${type}.output`, output, answers);
    const refusals = Object.entries(refuses).map(([code, { data }]) =>
      replyOf(false, 'refusal', {
        type: 'object',
        properties: { code: { const: code }, data: this.#schemas.add(`${type}.${code}`, data, answers) },
        required: ['code', 'data'],
      }),
    );
    const variants = this.#schemas.put(`${type}.reply`, () => ({
      oneOf: [replyOf(true, 'value', value), ...refusals],
    }));
    const reply = this.#message(`${type}.reply`, { ...about, kind: 'reply' }, variants);
    return { asked, reply };
  }

  #message(
    name: string,
    about: { readonly type: string; readonly version: number; readonly kind: Message['kind'] },
    data: JsonSchema,
  ): string {
    const envelope = { $ref: '#/components/schemas/envelope' };
    const body = messageBody(about, this.#transport, envelope, data);
    if (!this.#messages.has(name))
      this.#messages.set(name, { name, title: `${about.kind} ${about.type}, version ${about.version}`, ...body });
    return name;
  }

  #channel(kind: 'events' | 'inbox', service: string, message: string): string {
    const name = `${service}.${kind}`;
    const title = kind === 'events' ? `What has happened in ${service}` : `Commands and replies to ${service}`;
    this.#open(name, { title, ...this.#transport.channel(kind, service) }).messages.add(message);
    return name;
  }

  #open(name: string, about: Readonly<Record<string, unknown>>) {
    const channel = this.#channels.get(name) ?? { about, messages: new Set<string>() };
    this.#channels.set(name, channel);
    return channel;
  }

  #operation(action: Operation['action'], channel: string, message: string, reply?: Operation['reply']): void {
    this.#operations.set(`${action}.${message}`, {
      action,
      channel,
      message,
      ...(reply === undefined ? {} : { reply }),
    });
  }
}

function replyOf(ok: boolean, part: 'value' | 'refusal', schema: JsonSchema): JsonSchema {
  return { type: 'object', properties: { ok: { const: ok }, [part]: schema }, required: ok ? ['ok'] : ['ok', part] };
}

function messageIn(channel: string, message: string): JsonSchema {
  return { $ref: `#/channels/${channel}/messages/${message}` };
}

function sorted<T, R>(entries: ReadonlyMap<string, T>, write: (value: T) => R): Readonly<Record<string, R>> {
  const byName = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(byName.map(([name, value]) => [name, write(value)]));
}
