import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { messageOf } from '@dure/core';
import { gatewayErrors } from '../errors.ts';

/** One file of the storefront, ready to be sent. */
export interface StaticFile {
  readonly contentType: string;
  readonly etag: string;
  readonly cacheControl: string;
  readonly plain: Buffer;
  /** Compressed by whoever built the folder: `x.js.br`, `x.js.gz`. */
  readonly brotli: Buffer | undefined;
  readonly gzip: Buffer | undefined;
}

/** The files of a folder by URL path. Read once; a path that is not in the map does not exist, however it is spelled. */
export interface StaticFiles {
  find(path: string): StaticFile | undefined;
  /** Answers addresses that the web application routes by itself. */
  readonly index: StaticFile;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
  '.xml': 'application/xml',
};
const mostBytes = 64 * 2 ** 20;
/** A content hash in the name, as bundlers write it: the content of such a file never changes. */
const hashed = /[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/** Reads a built web application into memory. GATEWAY_STOREFRONT_MISSING when there is none. */
export async function staticFiles(folder: string): Promise<StaticFiles> {
  const contents = await readFolder(folder);
  const files = new Map<string, StaticFile>();
  for (const [path, plain] of contents) {
    if (path.endsWith('.br') || path.endsWith('.gz') || path.endsWith('.map')) continue;
    files.set(path, {
      contentType: contentTypes[extname(path).toLowerCase()] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
      cacheControl: hashed.test(path) && !path.endsWith('.html') ? 'public, max-age=31536000, immutable' : 'no-cache',
      plain,
      brotli: contents.get(`${path}.br`),
      gzip: contents.get(`${path}.gz`),
    });
  }
  const index = files.get('/index.html');
  if (index === undefined) throw missing(folder, 'it holds no index.html');
  return { find: (path) => (path === '/' ? index : files.get(path)), index };
}

async function readFolder(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const contents = new Map<string, Buffer>();
  let bytes = 0;
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name);
      const inside = relative(folder, file).split(sep);
      if (!entry.isFile() || inside.some((part) => part.startsWith('.'))) continue;
      const content = await readFile(file);
      bytes += content.length;
      if (bytes > mostBytes) throw missing(folder, `it holds more than ${mostBytes} bytes; is it the built folder?`);
      contents.set(`/${inside.join('/')}`, content);
    }
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? missing(folder, messageOf(error), error) : error;
  }
  return contents;
}

function missing(folder: string, why: string, cause?: unknown) {
  return gatewayErrors.STOREFRONT_MISSING(`the storefront "${folder}" cannot be served: ${why}`, {
    cause,
    details: { folder },
  });
}
