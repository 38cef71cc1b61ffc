import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { GrpcBinding } from '@dure/service/contract';
import type { Root } from 'protobufjs';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';

const { resolve: ofLibrary } = createRequire(import.meta.url);

/** Reads the file that a binding names, with all that it imports. Throws what the parser or the disk says. */
export function readProto({ proto, imports }: Pick<GrpcBinding, 'proto' | 'imports'>): Root {
  if (!proto.pathname.endsWith('.proto')) {
    const described = protobuf.Root.fromDescriptor(readFileSync(proto));
    described.resolveAll();
    return described;
  }
  const folder = imports ?? new URL('.', proto);
  const root = new protobuf.Root();
  // protoc looks an import up in its roots, never beside the file that imports it.
  root.resolvePath = (origin, target) => {
    if (origin === '') return target;
    return bundled.test(target) ? ofLibrary(`protobufjs/${target}`) : fileURLToPath(new URL(target, asFolder(folder)));
  };
  return root.loadSync(fileURLToPath(proto));
}

/** What protoc and googleapis have, and the library brings with it. */
const bundled = /^google\/(?:api\/(?:annotations|http)|protobuf\/[a-z_/]+)\.proto$/;

function asFolder(url: URL): string {
  return url.href.endsWith('/') ? url.href : `${url.href}/`;
}
