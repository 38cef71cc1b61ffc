import type { Clock, Random } from '@dure/core';
import { messageOf, wait } from '@dure/core';
import type { TokenSigner } from '@dure/service/client';
import { maskText } from '@dure/telemetry';
import { configErrors } from '../errors.ts';
import type { Property, Scalar } from '../properties/property.ts';
import type { ConfigLayer, ConfigSource, ConfigTarget, LoadedLayers } from './config-source.ts';
import { isSharedFile } from './config-source.ts';
import type { KeptCopy } from './kept-copy.ts';
import { keptCopy } from './kept-copy.ts';
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
}

const accept = 'application/vnd.spring-cloud.config-server.v2+json, application/json';
const attemptMs = 5_000;

/**
 * The `server` layer: asks a config server, ours or Spring's. While it is away the last good copy serves, if one is
 * kept; otherwise CONFIG_SERVER_UNREACHABLE. A refusal is CONFIG_SERVER_REFUSED at once, copy or not.
 */
export function serverSource(options: ServerSourceOptions): ConfigSource {
  const copy = options.keepIn === undefined ? undefined : keptCopy(options.keepIn);
  return {
    load: (target, signal) => {
      const signals = [options.signal, signal].filter((one) => one !== undefined);
      return load(signals.length === 0 ? options : { ...options, signal: AbortSignal.any(signals) }, copy, target);
    },
  };
}

async function load(
  options: ServerSourceOptions,
  copy: KeptCopy | undefined,
  target: ConfigTarget,
): Promise<LoadedLayers> {
  const { service } = target;
  const kept = await copy?.read(service);
  const shown = maskText(options.url);
  const asked = await ask(options, target, options.waitMs ?? (kept === undefined ? 10_000 : 1_000));
  if (asked.ok) {
    const layers = parse(asked.answer.text, shown);
    if (copy !== undefined && kept !== asked.answer.text) await copy.write(service, asked.answer.text);
    const { stale } = asked.answer;
    return {
      layers,
      warnings: stale === undefined ? [] : [`the config server uses the last good version of ${stale}`],
    };
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

type AskOutcome =
  | { readonly ok: true; readonly answer: ConfigAnswer }
  | { readonly ok: false; readonly error: unknown };

async function ask(
  options: ServerSourceOptions,
  { service, profiles }: ConfigTarget,
  waitMs: number,
): Promise<AskOutcome> {
  const { clock, random, signer, signal } = options;
  const transport = options.transport ?? fetchTransport;
  const list = profiles.length === 0 ? 'default' : profiles.map(encodeURIComponent).join(',');
  const url = `${options.url.replace(/\/+$/, '')}/${encodeURIComponent(service)}/${list}`;
  const until = clock.monotonicMs() + waitMs;
  for (let attempt = 1; ; attempt += 1) {
    let error: unknown;
    try {
      const authorization = await signer.authorize('config', undefined);
      const answer = await transport({ url, headers: { accept, authorization }, timeoutMs: attemptMs, signal });
      if (answer.status === 200) return { ok: true, answer };
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
  return sources.map(layerOf).reverse();
}

function layerOf(source: unknown): ConfigLayer {
  const name = isRecord(source) ? String(source.name) : '';
  const entries = isRecord(source) && isRecord(source.source) ? Object.entries(source.source) : [];
  const values = new Map(entries.map(([key, value]) => [key, propertyOf(value, name)]));
  return { layer: 'server', source: name, values, isShared: isSharedFile(name), isJoined: false };
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
