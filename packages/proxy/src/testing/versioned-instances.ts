import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EdgeLayer } from '../engine/edge-layer.ts';
import { forwarding } from '../engine/forwarding.ts';
import { openEdge } from './open-edge.ts';
import { localInstance } from './open-proxy.ts';

/** Layers before real instances of `things`, one for each version, which answers with it. */
export async function versionedInstances(versions: readonly string[], layers: readonly EdgeLayer[]) {
  const servers = versions.map((version) => createServer((_, response) => response.end(version)));
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return (server.address() as AddressInfo).port;
    }),
  );
  const instances = ports.map((port, index) => ({
    ...localInstance('things', port),
    metadata: { version: versions[index] ?? '' },
  }));
  const edge = await openEdge(layers, { instances, handler: forwarding });
  const answer = (headers: Readonly<Record<string, string>>) => fetch(`${edge.origin}/things/1`, { headers });
  return {
    edge,
    answer,
    ask: async (headers: Readonly<Record<string, string>>) => (await answer(headers)).text(),
    /** Ends the instance of a version. */
    end: (version: string) => servers[versions.indexOf(version)]?.close().closeAllConnections(),
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      for (const server of servers) server.close().closeAllConnections();
    },
  };
}
