import { existsSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Headless, without a sandbox (which root cannot have), and talking to nobody but the pages that it is sent to. */
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where a Chromium is installed, or why there is no test with a browser on this machine. */
export type Installed = { readonly path: string } | { readonly missing: string };

/** Looks for a Chromium. */
export function installedChromium(): Installed {
  const path = places.find((place) => existsSync(place));
  return path === undefined ? { missing: `no Chromium at ${places.join(', ')}` } : { path };
}

/** Starts a browser with a fresh profile. */
export function startBrowser(path: string): Promise<Browser> {
  return chromium.launch({ executablePath: path, args: flags });
}

/** A tab of its own, with nothing in its storage, that remembers what should not have happened in it. */
export interface Visit extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors on the browser's console (breaches of the content security policy are), uncaught errors, broken connections. */
  readonly faults: readonly string[];
  /** Answers of 400 and above, as `GET /path 404`; a test takes out those that it provoked. */
  readonly refused: string[];
  /** The origins of all requests, with how many went there. */
  readonly origins: ReadonlyMap<string, number>;
}

/** Opens a tab, by default of a desk's width and in English. */
export async function openVisit(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const faults: string[] = [];
  const refused: string[] = [];
  const origins = new Map<string, number>();
  context.on('console', (message) => {
    // The browser repeats every answer of 400 and above here; those are counted below.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  context.on('weberror', (error) => faults.push(String(error.error())));
  context.on('request', (request) => {
    const { origin } = new URL(request.url());
    origins.set(origin, (origins.get(origin) ?? 0) + 1);
  });
  context.on('response', (response) => {
    const { pathname } = new URL(response.url());
    if (response.status() >= 400) refused.push(`${response.request().method()} ${pathname} ${response.status()}`);
  });
  return { page, context, faults, refused, origins, [Symbol.asyncDispose]: () => context.close() };
}
