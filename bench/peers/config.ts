import { configService } from '@dure/config/server';
import { systemClock } from '@dure/core';
import { tokenVerifier } from '@dure/identity';
import { startService } from '@dure/service/server';
import { serviceParts } from '@dure/service/testing';

/** The config server as the host starts it, on a folder, with the keys of its readers. */
const [folder = '', key = '{}', applications = ''] = process.argv.slice(2);
const peers = Object.fromEntries(applications.split(',').map((name) => [name, JSON.parse(key)]));
const platform = { verifier: tokenVerifier({ audience: 'config', peers, clock: systemClock }) };
const definition = configService({ folder, applications: Object.keys(peers), rollOut: {} });
const running = await startService(definition, serviceParts({ mode: 'production', platform, graceMs: 100 }));
process.once('SIGTERM', () => void running.close().then(() => process.exit(0)));
process.send?.({ port: running.port, managementPort: running.managementPort });
