import { createHash } from 'node:crypto';
import type { Clock, Identity } from '@dure/core';
import type { HttpRequest, HttpResponse, HttpRoute } from '@dure/service/server';
import type { Liveness } from '../wire/push-stream.ts';
import { instanceStatuses, processKey } from '../wire/push-stream.ts';
import type { Entry } from './instance-info.ts';
import { portOf } from './instance-info.ts';
import type { InstanceRegistry } from './instance-registry.ts';
import type { PageWords } from './page-words.ts';
import { wordsFor } from './page-words.ts';

/** What the page shows. */
export interface PageParts {
  readonly registry: InstanceRegistry;
  readonly liveness: (process: string) => Liveness | undefined;
  readonly peers: () => readonly { readonly url: string; readonly isReachable: boolean; readonly waiting: number }[];
  readonly clock: Clock;
  /** `open`: to whoever reaches the port by its address. `credentials`: to services and HTTP Basic only. */
  readonly page: 'open' | 'credentials';
}

const style = `:root{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}body{max-width:72rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}th,td{text-align:start;padding:.35rem .75rem .35rem 0;border-bottom:1px solid #8886;vertical-align:top;overflow-wrap:anywhere}
dt{font-weight:600}dd{margin:0 0 .5rem}.scroll{overflow-x:auto}code{font-size:.9em}`;
const styleHash = createHash('sha256').update(style).digest('base64');
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  vary: 'accept-language',
};

type Page = (parts: PageParts, words: PageWords) => string;

/** The pages for people: `/`, and `/lastn` where Spring's server has it. */
export function pageRoutes(parts: PageParts): readonly HttpRoute[] {
  const pages: readonly (readonly [string, Page])[] = [
    ['/', registryPage],
    ['/lastn', lastPage],
  ];
  return pages.map(([path, page]) => ({
    method: 'GET',
    path,
    access: parts.page === 'open' ? 'public' : 'service',
    handle: (request, { identity }) => answer(parts, page, request, identity),
  }));
}

function answer(parts: PageParts, page: Page, request: HttpRequest, identity: Identity): HttpResponse {
  if (identity.kind !== 'service' && !isByAddress(header(request, 'host'))) {
    return {
      status: 421,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'Use the address, not a name',
    };
  }
  return { status: 200, headers, body: page(parts, wordsFor(header(request, 'accept-language'))) };
}

/** A name could be a stranger's that was pointed here to make a browser read the page for it. */
function isByAddress(host: string): boolean {
  return /^(localhost|[\d.]+|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}

function header({ headers: all }: HttpRequest, name: string): string {
  const value = all[name];
  return typeof value === 'string' ? value : '';
}

/** Everything that an instance says of itself is escaped. */
function registryPage(parts: PageParts, words: PageWords): string {
  const { registry } = parts;
  const rows = registry
    .all()
    .sort((a, b) =>
      a.info.app === b.info.app ? (a.info.instanceId < b.info.instanceId ? -1 : 1) : a.info.app < b.info.app ? -1 : 1,
    )
    .map((entry) => row(entry, parts, words));
  const heads = [words.service, words.instance, words.address, words.state, words.since, words.heard];
  const content = `<p>${escapeHtml(words.intro)}</p>${
    rows.length === 0 ? `<p>${escapeHtml(words.none)}</p>` : table(words.instances(rows.length), heads, rows)
  }${states(words)}${protection(registry, words)}${otherRegistries(parts, words)}`;
  return document(words.title, `${content}<p>${escapeHtml(words.more)}</p>`, words);
}

/** Who came and who went, the newest first. */
function lastPage({ registry: { last } }: PageParts, words: PageWords): string {
  const lists = [
    [words.lastRegistered, last.registered],
    [words.lastGone, last.gone],
  ] as const;
  const content = lists.map(([caption, changes]) => {
    const rows = changes.map(
      ({ at, whose }) => `<tr><td>${time(at)}</td><td><code>${escapeHtml(whose)}</code></td></tr>`,
    );
    return table(caption, [words.when, words.instance], rows);
  });
  return document(words.lastTitle, content.join(''), words);
}

function table(caption: string, heads: readonly string[], rows: readonly string[]): string {
  return `<div class="scroll"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${heads
    .map((head) => `<th scope="col">${escapeHtml(head)}</th>`)
    .join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function document(title: string, content: string, { language }: PageWords): string {
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)} · Dure</title><style>${style}</style></head><body><main><h1>${escapeHtml(title)}</h1>${content}</main></body></html>`;
}

/** In UTC, to the second. */
function time(at: number): string {
  const text = new Date(at).toISOString().slice(0, 19);
  return `<time datetime="${text}Z">${text.replace('T', ' ')}</time>`;
}

function row({ info, lease }: Entry, { liveness, clock }: PageParts, words: PageWords): string {
  const doubt = liveness(info.metadata[processKey] ?? '');
  const state = [info.status, ...(doubt === undefined ? [] : [doubt])].map((word) => `<code>${word}</code>`).join(' ');
  const heard = Math.round((clock.monotonicMs() - lease.heardMs) / 1_000);
  const cells = [
    escapeHtml(info.app.toLowerCase()),
    `<code>${escapeHtml(info.instanceId)}</code>`,
    `<code>${escapeHtml(info.hostName)}:${portOf(info)}</code>`,
    state,
    time(lease.registeredAt),
    escapeHtml(words.seconds(heard)),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

function states(words: PageWords): string {
  const all = [...instanceStatuses, 'busy', 'suspect'] as const;
  const list = all.map((state) => `<dt><code>${state}</code></dt><dd>${escapeHtml(words.statuses[state])}</dd>`);
  return `<h2>${escapeHtml(words.statesTitle)}</h2><dl>${list.join('')}</dl>`;
}

function protection({ meter }: InstanceRegistry, words: PageWords): string {
  const preserved = meter.expires ? '' : `<p>${escapeHtml(words.preserved(meter.lastMinute, meter.threshold))}</p>`;
  return `<h2>${escapeHtml(words.protectionTitle)}</h2><p>${escapeHtml(words.expires)}</p>${preserved}`;
}

function otherRegistries({ peers }: PageParts, words: PageWords): string {
  const list = peers().map(({ url, isReachable, waiting }) => {
    return `<li><code>${escapeHtml(url)}</code> ${escapeHtml(isReachable ? words.reachable : words.unreachable(waiting))}</li>`;
  });
  const content = list.length === 0 ? `<p>${escapeHtml(words.noPeers)}</p>` : `<ul>${list.join('')}</ul>`;
  return `<h2>${escapeHtml(words.peersTitle)}</h2>${content}`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
