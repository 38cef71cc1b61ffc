import { join } from 'node:path';
import type { ConfigBackend } from '@dure/config/server';
import type { ServiceDefinition } from '@dure/service/server';
import type { RunFile } from '../run-file.ts';
import { readControlFile } from '../supervisor/lock.ts';

/** The config server of a run: over its folder, its git repositories, or several of these in their order. */
export async function configServer(run: RunFile): Promise<ServiceDefinition> {
  const { configPlaces: places = [], peers, foreign = {}, mode, rollOut, stateFolder, keyringFile } = run;
  const [{ compositeBackend, configService, folderBackend, gitBackend }, { fileKeyring }] = await Promise.all([
    import('@dure/config/server'),
    import('@dure/config/cipher'),
  ]);
  const folder = join(stateFolder, 'config-git');
  const backends = places.map((place): ConfigBackend => {
    if (typeof place === 'string') return folderBackend(place);
    const { kind: _, hookSecretFile: __, ...options } = place;
    return gitBackend(options, { folder });
  });
  const repositories = places.filter((place) => typeof place !== 'string');
  const secretFile = repositories.find(({ hookSecretFile }) => hookSecretFile !== undefined)?.hookSecretFile;
  const [only] = backends;
  return configService({
    applications: [...Object.keys(peers), ...Object.keys(foreign)],
    backend: backends.length > 1 ? compositeBackend(backends) : only,
    encryption: { keyring: fileKeyring(keyringFile) },
    keeping: {
      folder: join(stateFolder, 'config', 'server'),
      run: (await readControlFile(stateFolder))?.startedAt.toString(),
    },
    rollOut: { canary: mode === 'production', ...rollOut },
    monitor: repositories.length === 0 ? undefined : secretFile === undefined ? {} : { secretFile },
  });
}
