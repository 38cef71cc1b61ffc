import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { staticInstances } from '@dure/balancer';
import type { Clock, Identity } from '@dure/core';
import { anonymous, systemClock } from '@dure/core';
import type { RunningService } from '@dure/service/server';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';
import type { Telemetry } from '@dure/telemetry';
import { silentTelemetry } from '@dure/telemetry/testing';
import type { ConsoleOptions } from '../console-service.ts';
import { consoleService } from '../console-service.ts';

/** A console that runs for a test, with real HTTP and an own folder. */
export interface RunningConsole extends AsyncDisposable {
  readonly base: string;
  readonly managementBase: string;
  readonly folder: string;
  readonly running: RunningService;
  /** The header by which a service proves itself. */
  readonly asService: { readonly authorization: string };
  /** Signs in with the one-time token; the header by which a browser proves its session. */
  signIn(): Promise<{ readonly cookie: string }>;
  /** The JSON at a path; fails the test unless the answer is 200. */
  read<Answer>(path: string, headers: Readonly<Record<string, string>>): Promise<Answer>;
  /** The status of an answer whose body does not matter. */
  status(path: string, headers?: Readonly<Record<string, string>>): Promise<number>;
  /** Sends JSON as a service does. */
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** How a console for a test differs from one that `dure up` runs. */
export interface RunConsoleOptions extends Partial<ConsoleOptions> {
  readonly clock?: Clock;
  readonly telemetry?: Telemetry;
  readonly instances?: Parameters<typeof staticInstances>[0];
}

const supervisor: Identity = { kind: 'service', subject: 'supervisor', roles: [], scopes: [] };

/** Starts a console on free ports of the loopback; its one-time token is `once`. */
export async function runConsole(options: RunConsoleOptions = {}): Promise<RunningConsole> {
  const { clock = systemClock, telemetry = silentTelemetry(), instances = {}, ...own } = options;
  const temporary = own.stateFolder === undefined;
  const folder = own.stateFolder ?? mkdtempSync(join(tmpdir(), 'dure-console-'));
  const platform = {
    instances: staticInstances(instances),
    signer: { authorize: async () => 'Bearer service' },
    verifier: { verify: async (token: string) => (token === 'Bearer service' ? supervisor : anonymous) },
  };
  const definition = consoleService({ token: 'once', ...own, stateFolder: folder });
  const running = await startService(definition, serviceParts({ instanceId: 'console:1', clock, telemetry, platform }));
  await running.register();
  const base = `http://127.0.0.1:${running.port}`;
  const asService = { authorization: 'Bearer service' };
  return {
    base,
    managementBase: `http://127.0.0.1:${running.managementPort}`,
    folder,
    running,
    asService,
    async signIn() {
      const response = await fetch(`${base}/?token=once`, { redirect: 'manual' });
      return { cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' };
    },
    async read<Answer>(path: string, headers: Readonly<Record<string, string>>) {
      const response = await fetch(base + path, { headers });
      assert.equal(response.status, 200, path);
      return (await response.json()) as Answer;
    },
    async status(path, headers = {}) {
      const response = await fetch(base + path, { headers, redirect: 'manual' });
      await response.arrayBuffer();
      return response.status;
    },
    post: (path, body, headers = {}) =>
      fetch(base + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...asService, ...headers },
        body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      await running.close();
      if (temporary) rmSync(folder, { recursive: true, force: true });
    },
  };
}
