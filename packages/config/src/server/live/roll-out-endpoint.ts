import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ManagementEndpoint, ManagementRequest, ManagementResponse } from '@dure/core';
import type { ConfigBackend } from '../backends/config-backend.ts';
import { folderBackend } from '../backends/folder-backend.ts';
import type { DryRunRow } from './candidates.ts';
import type { LiveConfig } from './live-config.ts';

/**
 * `/actuator/rollout`: what is given out, tried out and held. `/instances`: which instance runs which version. `POST /check`
 * with `{ "files": { "order.yml": "…" } }`, a whole folder, or with `{ "label": "<commit>" }`: would those who run now take it?
 */
export function rollOutEndpoint(live: LiveConfig, backend: ConfigBackend): ManagementEndpoint {
  const { rollOut, subscribers } = live;
  return {
    id: 'rollout',
    async handle({ method, path: [part], body }) {
      if (method === 'POST' && part === 'check') return checked(body, live, backend);
      if (method !== 'GET' || part === 'check')
        return { status: 405, allow: part === 'check' ? 'POST' : 'GET' } satisfies ManagementResponse;
      if (part === 'instances') return { status: 200, body: { instances: subscribers.rows() } };
      if (part !== undefined) return { status: 404 };
      return { status: 200, body: { changes: rollOut.changes(), targets: rollOut.versions() } };
    },
  };
}

async function checked(
  body: ManagementRequest['body'],
  { rollOut }: LiveConfig,
  backend: ConfigBackend,
): Promise<ManagementResponse> {
  if (isRecord(body) && typeof body.label === 'string') {
    const { label } = body;
    return verdict(await rollOut.dryRun((request) => backend.find({ ...request, label })));
  }
  const files = isRecord(body) && isRecord(body.files) ? Object.entries(body.files) : undefined;
  if (files === undefined || !files.every(([name, text]) => isFile(name) && typeof text === 'string'))
    return {
      status: 400,
      detail: 'a dry run takes `files`, texts by their names, or `label`, a commit of the backend',
    };
  const folder = await mkdtemp(join(tmpdir(), 'dure-config-check-'));
  try {
    for (const [name, text] of files) {
      await mkdir(join(folder, dirname(name)), { recursive: true });
      await writeFile(join(folder, name), String(text), { mode: 0o600, flag: 'wx' });
    }
    await using candidate = folderBackend(folder);
    return verdict(await rollOut.dryRun((request) => candidate.find(request)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function verdict(rows: readonly DryRunRow[]): ManagementResponse {
  return { status: 200, body: { isAccepted: rows.every(({ refused }) => refused.length === 0), targets: rows } };
}

/** A file's path below the folder: plain names only, so that none leads elsewhere. */
function isFile(path: string): boolean {
  const parts = path.split('/');
  return (
    parts.length <= 4 &&
    parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,99}$/.test(part) && !part.includes('..'))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
