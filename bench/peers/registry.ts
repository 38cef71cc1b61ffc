import { systemClock } from '@dure/core';
import { tokenVerifier } from '@dure/identity';
import { registryService } from '@dure/registry/server';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';

/** The registry as the host starts it, with the key of the one service that registers. */
const peers = { stock: JSON.parse(process.argv[2] ?? '{}') };
const platform = { verifier: tokenVerifier({ audience: 'registry', peers, clock: systemClock }) };
const definition = registryService({ maxInstances: 20_000, streamsAtOnce: 1_000 });
const running = await startService(definition, serviceParts({ mode: 'production', platform, graceMs: 100 }));
process.once('SIGTERM', () => void running.close().then(() => process.exit(0)));
process.send?.({ port: running.port });
