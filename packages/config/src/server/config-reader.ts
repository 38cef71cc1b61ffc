import type { Identity } from '@dure/core';
import type { HttpRequest, HttpResponse } from '@dure/service/server';
import { configErrors } from '../errors.ts';
import type { Property, PropertySource, Scalar } from '../properties/property.ts';
import type { Access } from './access.ts';
import type { BackendFound, ConfigBackend } from './backends/config-backend.ts';
import type { Asked, Target } from './config-request.ts';
import type { DecryptedValues } from './decrypted-values.ts';
import { decryptedValues } from './decrypted-values.ts';
import type { ConfigEncryption } from './encryption.ts';
import { environmentJson } from './environment.ts';
import type { Answered, LiveConfig } from './live/live-config.ts';
import { environmentType, originMediaType } from './negotiation.ts';
import { RenderedAnswers } from './rendered-answers.ts';
import { resourceAnswer, resourcePaths } from './resource-answer.ts';
import { textFormat } from './text-formats.ts';

/** Names the broken files whose last good version an answer was made from: `order.yml:3:6`. */
export const staleHeader = 'dure-config-stale';

/** What a `ConfigReader` reads from. */
export interface ConfigReaderOptions {
  readonly backend: ConfigBackend;
  /** Knows which version each reader is to get. */
  readonly live: Pick<LiveConfig, 'read'>;
  readonly rights: Access;
  readonly overrides: Readonly<Record<string, Scalar>>;
  readonly encryption?: ConfigEncryption | undefined;
}

type AskedText = Extract<Asked, { readonly kind: 'text' }>;

/** Reads what is asked for, by those who may, and writes the answer. */
export class ConfigReader {
  readonly #options: ConfigReaderOptions;
  readonly #overrides: readonly PropertySource[];
  readonly #values: DecryptedValues;
  readonly #rendered = new RenderedAnswers();

  constructor(options: ConfigReaderOptions) {
    this.#options = options;
    this.#overrides = overriding(options.overrides);
    this.#values = decryptedValues(options.encryption);
  }

  /** CONFIG_NOT_YOURS when the caller may not read that; CONFIG_NOT_FOUND without such a resource or label. */
  async read(asked: Asked, request: HttpRequest, identity: Identity): Promise<HttpResponse> {
    this.#options.rights.demand(identity, asked.target);
    if (asked.kind === 'environment') return this.#environment(asked.target, request, identity);
    if (asked.kind === 'text') return this.#text(asked, request, identity);
    const { target, path } = asked;
    const { names, profiles, label } = target;
    const found = await this.#options.backend.resource({
      ...{ names, profiles, label },
      paths: resourcePaths(path, profiles),
      mayRead: this.#options.rights.mayFetch(identity, target),
    });
    if (found === undefined) throw configErrors.NOT_FOUND('there is no such file, or it is not yours');
    const sources = async () =>
      this.#with((await this.#find(target, request, identity)).found).map(({ properties }) => properties);
    return resourceAnswer(request, found, sources, resolvesPlaceholders(request.query));
  }

  async #environment(target: Target, request: HttpRequest, identity: Identity): Promise<HttpResponse> {
    const type = environmentType(request.headers.accept?.toString());
    if (type === undefined) return { status: 406 };
    const { found, headers } = await this.#find(target, request, identity);
    const answer = this.#rendered.of(found, `${type} ${target.raw.name} ${target.raw.profiles}`, () => {
      const all = { ...found, sources: this.#with(found) };
      const body = environmentJson(target, all, type === originMediaType);
      return { status: 200, headers: { 'content-type': type, vary: 'accept', ...staleIn(found) }, body };
    });
    return { ...answer, headers: { ...answer.headers, ...headers } };
  }

  async #text({ target, format }: AskedText, request: HttpRequest, identity: Identity): Promise<HttpResponse> {
    const { found } = await this.#find(target, request, identity);
    const resolves = resolvesPlaceholders(request.query);
    return this.#rendered.of(found, `${format} ${resolves}`, () => {
      const sources = this.#with(found).map(({ properties }) => properties);
      const { contentType, text } = textFormat(sources, format, resolves);
      return { status: 200, headers: { 'content-type': contentType, ...staleIn(found) }, body: text };
    });
  }

  /** In plain for who may have it so. */
  async #find(target: Target, request: HttpRequest, identity: Identity): Promise<Answered> {
    const { names, profiles, label } = target;
    const { live, rights } = this.#options;
    const answered = await live.read(request, { names, profiles, label, mayRead: rights.mayFind(target) });
    return { ...answered, found: await this.#values.open(answered.found, identity, names) };
  }

  #with({ sources }: BackendFound): readonly PropertySource[] {
    return [...this.#overrides, ...sources];
  }
}

function overriding(overrides: Readonly<Record<string, Scalar>>): readonly PropertySource[] {
  const place = 'the overrides of the config server';
  const properties = Object.entries(overrides).map(([key, value]): [string, Property] => [key, { value, place }]);
  if (properties.length === 0) return [];
  return [{ file: 'overrides', name: 'overrides', document: undefined, properties: new Map(properties) }];
}

function staleIn({ stale }: BackendFound): Readonly<Record<string, string>> {
  return stale.length === 0 ? {} : { [staleHeader]: stale.map(encodeURI).join(', ') };
}

const truths: Readonly<Record<string, boolean>> = {
  '': true,
  true: true,
  on: true,
  yes: true,
  1: true,
  false: false,
  off: false,
  no: false,
  0: false,
};

/** As Spring reads a truth value. CONFIG_REQUEST_INVALID for other words. */
function resolvesPlaceholders(query: URLSearchParams): boolean {
  const word = query.get('resolvePlaceholders') ?? '';
  const truth = new Map(Object.entries(truths)).get(word.toLowerCase());
  if (truth === undefined) throw configErrors.REQUEST_INVALID('resolvePlaceholders is neither true nor false');
  return truth;
}
