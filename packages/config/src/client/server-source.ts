import type { Clock, Random } from '@dure/core';
import { messageOf, wait } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import { maskText } from '@dure/telemetry';
import { cipherMark, invalidPrefix, invalidValue } from '../cipher/encrypted-value.ts';
import { configErrors } from '../errors.ts';
import type { KeptCopy } from '../properties/kept-copy.ts';
import { keptCopy } from '../properties/kept-copy.ts';
import type { Property, Scalar } from '../properties/property.ts';
import { candidateHeader, instanceHeader, wantedHeader } from '../wire/change-feed.ts';
import type { ConfigLayer, ConfigSource, ConfigTarget, LoadedLayers } from './config-source.ts';
import { isSharedFile } from './config-source.ts';
import type { ConfigAnswer, ConfigTransport } from './transport.ts';
import { fetchTransport } from './transport.ts';

/** Options of `serverSource`. */
export interface ServerSourceOptions {
  /** `http://127.0.0.1:8888` */
  readonly url: string;
  readonly signer: TokenSigner;
  readonly clock: Clock;
  readonly random: Random;
  /** A folder for the last good answer, used when the server is away. Without it the start fails then. */
  readonly keepIn?: string;
  /** How long to wait for a server that is away. Default 10 000, or 1 000 when there is a copy to fall back on. */
  readonly waitMs?: number;
  readonly transport?: ConfigTransport;
  readonly signal?: AbortSignal;
  /** What this instance is called, as for `feedHints`: the server may have it try out a change. */
  readonly instance?: string;
  /** `main`, a tag, a commit, or several with commas between. Default: the server's own. */
  readonly label?: string | undefined;
}

const accept = 'application/vnd.spring-cloud.config-server.v2+json, application/json';
const attemptMs = 5_000;

/**
 * The `server` layer: asks a config server, ours or Spring's. While it is away the last good copy serves, if one is
 * kept; otherwise CONFIG_SERVER_UNREACHABLE. A refusal is CONFIG_SERVER_REFUSED at once, copy or not.
 */
export function serverSource(options: ServerSourceOptions): ConfigSource {
  const copy = options.keepIn === undefined ? undefined : keptCopy(options.keepIn);
  const latest = new Map<string, Latest>();
  return {
    load: (target, signal) => {
      const signals = [options.signal, signal].filter((one) => one !== undefined);
      const within = signals.length === 0 ? options : { ...options, signal: AbortSignal.any(signals) };
      const isOwn = target.candidate === undefined && target.isLook !== true;
      return isOwn ? load(within, copy, target, latest) : loadOther(within, target);
    },
  };
}

/** The latest answer for a target, and what it is asked for again by. */
interface Latest {
  readonly etag: string | undefined;
  readonly layers: readonly ConfigLayer[];
  readonly version: string | undefined;
}

/** What is not to be run on, or not yet. */
async function loadOther(options: ServerSourceOptions, target: ConfigTarget): Promise<LoadedLayers> {
  const shown = maskText(options.url);
  const asked = await ask(options, target, 0, undefined);
  if (!asked.ok)
    throw configErrors.SERVER_UNREACHABLE(
      `the config server at ${shown} did not answer for "${target.service}": ${maskText(messageOf(asked.error))}`,
      { cause: asked.error, details: { url: shown, service: target.service } },
    );
  return { layers: parse(asked.answer.text, shown), warnings: [], version: asked.answer.version };
}

async function load(
  options: ServerSourceOptions,
  copy: KeptCopy | undefined,
  target: ConfigTarget,
  latest: Map<string, Latest>,
): Promise<LoadedLayers> {
  const { service, profiles } = target;
  const kept = await copy?.read(service);
  const shown = maskText(options.url);
  const name = `${service}/${profiles.join(',')}`;
  const before = latest.get(name);
  const waitMs = options.waitMs ?? (kept === undefined ? 10_000 : 1_000);
  const asked = await ask(options, target, waitMs, before?.etag);
  if (asked.ok) {
    const { answer } = asked;
    if (answer.status === 304 && before !== undefined) return { ...before, warnings: warningsOf(answer) };
    const layers = parse(answer.text, shown);
    const { etag, version, text } = answer;
    latest.set(name, { etag, layers, version });
    // What one instance tries out is nothing for the others to start with.
    const isToKeep = kept !== text && answer.isTrial !== true;
    const keep = copy !== undefined && isToKeep ? () => copy.write(service, text) : undefined;
    return { layers, version, warnings: warningsOf(answer), keep };
  }
  if (kept !== undefined) {
    const warning = `the config server at ${shown} is away (${maskText(messageOf(asked.error))}); its last known answer is used`;
    return { layers: parse(kept, `the copy of ${shown}`), warnings: [warning] };
  }
  throw configErrors.SERVER_UNREACHABLE(
    `the config server at ${shown} did not answer for "${service}": ${maskText(messageOf(asked.error))}; start it, or correct its address`,
    { cause: asked.error, details: { url: shown, service } },
  );
}

function warningsOf({ stale, held }: ConfigAnswer): readonly string[] {
  return [
    ...(stale === undefined ? [] : [`the config server uses the last good version of ${stale}`]),
    ...(held === undefined ? [] : [`the config server holds a change back: ${decodeURI(held)}`]),
  ];
}

type AskOutcome =
  | { readonly ok: true; readonly answer: ConfigAnswer }
  | { readonly ok: false; readonly error: unknown };

async function ask(
  options: ServerSourceOptions,
  { service, profiles, candidate, wanted }: ConfigTarget,
  waitMs: number,
  etag: string | undefined,
): Promise<AskOutcome> {
  const { clock, random, signer, signal } = options;
  const transport = options.transport ?? fetchTransport;
  const list = profiles.length === 0 ? 'default' : profiles.map(encodeURIComponent).join(',');
  // Spring's way to write a slash within a label.
  const label = options.label === undefined ? '' : `/${encodeURIComponent(options.label.replaceAll('/', '(_)'))}`;
  const url = `${options.url.replace(/\/+$/, '')}/${encodeURIComponent(service)}/${list}${label}`;
  const until = clock.monotonicMs() + waitMs;
  for (let attempt = 1; ; attempt += 1) {
    let error: unknown;
    try {
      const authorization = await signer.authorize('config', undefined);
      const headers = {
        accept,
        authorization,
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
        ...(options.instance === undefined ? {} : { [instanceHeader]: options.instance }),
        ...(wanted === undefined ? {} : { [wantedHeader]: wanted }),
        ...(candidate === undefined ? {} : { [candidateHeader]: candidate }),
      };
      const answer = await transport({ url, headers, timeoutMs: attemptMs, signal });
      if (answer.status === 200 || (answer.status === 304 && etag !== undefined)) return { ok: true, answer };
      error = refusal(maskText(options.url), answer);
      if (answer.status < 500) throw error;
    } catch (caught) {
      if (caught === error) throw caught;
      error = caught;
    }
    const pauseMs = Math.min(100 * 2 ** (attempt - 1), 1_000) * (0.5 + random.next() / 2);
    const isLate = clock.monotonicMs() + pauseMs > until;
    if (isLate || signal?.aborted === true) return { ok: false, error };
    await wait(clock, pauseMs, signal);
  }
}

function refusal(url: string, { status, text }: ConfigAnswer): Error {
  let words = text.slice(0, 500);
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem !== null && 'detail' in problem) words = String(problem.detail);
  } catch {}
  return configErrors.SERVER_REFUSED(`the config server at ${url} answered ${status}: ${words}`, {
    details: { status },
  });
}

/** Reads Spring's Environment, highest first there, lowest first here; values with or without their origin. */
function parse(text: string, from: string): readonly ConfigLayer[] {
  const body: unknown = parseJson(text);
  const sources = isRecord(body) && Array.isArray(body.propertySources) ? body.propertySources : undefined;
  if (sources === undefined) {
    throw configErrors.SERVER_REFUSED(`${from} did not answer with a Spring Environment: "propertySources" is missing`);
  }
  const secrets = new Set(isRecord(body) && Array.isArray(body.secrets) ? body.secrets : []);
  return sources.map((source) => layerOf(source, secrets)).reverse();
}

function layerOf(source: unknown, secrets: ReadonlySet<unknown>): ConfigLayer {
  const name = isRecord(source) ? String(source.name) : '';
  const entries = isRecord(source) && isRecord(source.source) ? Object.entries(source.source) : [];
  const values = new Map(entries.map(([key, value]) => keyed(key, propertyOf(value, name), secrets)));
  return { layer: 'server', source: name, values, isShared: isSharedFile(name), isJoined: false };
}

/** What a server could not decrypt it calls `invalid.<key>`, as Spring does; what it decrypted, ours lists in `secrets`. */
function keyed(key: string, property: Property, secrets: ReadonlySet<unknown>): readonly [string, Property] {
  if (key.startsWith(invalidPrefix) && property.value === invalidValue)
    return [
      key.slice(invalidPrefix.length),
      { ...property, value: cipherMark, whyEncrypted: 'the config server could not decrypt it' },
    ];
  return [key, secrets.has(key) ? { ...property, isSecret: true } : property];
}

function propertyOf(value: unknown, source: string): Property {
  if (isRecord(value) && 'value' in value) return { value: scalar(value.value), place: String(value.origin ?? source) };
  return { value: scalar(value), place: source };
}

function scalar(value: unknown): Scalar {
  return typeof value === 'number' || typeof value === 'boolean' ? value : value === null ? '' : String(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
