import { join } from 'node:path';
import type { ConfigBackend } from '@dure/config/server';
import type { ServiceDefinition } from '@dure/service/server';
import type { ConfigPlace } from '../config-place.ts';
import type { RunFile } from '../run-file.ts';
import { tableBackend } from './config-table.ts';

/** The config server of a run: over its folder, its git repositories, its tables, or several of these in their order. */
export async function configServer(run: RunFile): Promise<ServiceDefinition> {
  const { configPlaces: places = [], peers, foreign = {}, mode, rollOut, stateFolder, keyringFile } = run;
  const [{ compositeBackend, configService, folderBackend, gitBackend }, { fileKeyring }] = await Promise.all([
    import('@dure/config/server'),
    import('@dure/config/cipher'),
  ]);
  const folder = join(stateFolder, 'config-git');
  const open = async (place: ConfigPlace): Promise<ConfigBackend> => {
    if (typeof place === 'string') return folderBackend(place);
    if (place.kind === 'postgres') return tableBackend(run.configDatabases?.[place.urlFile] ?? '', place.refreshMs);
    const { kind: _, hookSecretFile: __, ...options } = place;
    return gitBackend(options, { folder });
  };
  const backends = await Promise.all(places.map(open));
  const repositories = places.filter((place) => typeof place !== 'string' && place.kind === 'git');
  const secretFile = repositories.find(({ hookSecretFile }) => hookSecretFile !== undefined)?.hookSecretFile;
  const [only] = backends;
  return configService({
    applications: [...Object.keys(peers), ...Object.keys(foreign)],
    backend: backends.length > 1 ? compositeBackend(backends) : only,
    encryption: { keyring: fileKeyring(keyringFile) },
    keeping: {
      folder: join(stateFolder, 'config', 'server'),
      run: run.run,
    },
    rollOut: { canary: mode === 'production', ...rollOut },
    monitor: repositories.length === 0 ? undefined : secretFile === undefined ? {} : { secretFile },
  });
}
