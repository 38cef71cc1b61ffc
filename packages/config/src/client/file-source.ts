import { ConfigFolder } from '../properties/config-folder.ts';
import type { ConfigSource } from './config-source.ts';
import { isSharedFile } from './config-source.ts';

/**
 * The `file` layer: a folder of `application.yml`, `{service}.yml` and their profiles beside the service. A broken
 * file is CONFIG_FILE_INVALID, a missing folder CONFIG_FOLDER_MISSING.
 */
export function fileSource(folder: string): ConfigSource {
  const files = new ConfigFolder(folder);
  return {
    async load({ service, profiles }) {
      const { sources, stale } = await files.find({ names: [service], profiles });
      const layers = [...sources].reverse().map(({ file, properties }) => {
        return { layer: 'file', source: file, values: properties, isShared: isSharedFile(file), isJoined: false };
      });
      return { layers, warnings: stale.map((place) => `${place} is broken; its last good version is used`) };
    },
  };
}
