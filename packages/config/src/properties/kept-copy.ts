import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The server's last good answers, one file a service, readable by the owner only: they may hold secrets. */
export interface KeptCopy {
  read(service: string): Promise<string | undefined>;
  write(service: string, text: string): Promise<void>;
}

/** Keeps copies in a folder, which is made when it is missing. */
export function keptCopy(folder: string): KeptCopy {
  const pathOf = (service: string) => join(folder, `${service.replaceAll(/[^A-Za-z0-9-]/g, '_')}.config.json`);
  return {
    async read(service) {
      try {
        return await readFile(pathOf(service), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(service, text) {
      const path = pathOf(service);
      // A name of its own: several processes of one service start at once.
      const whole = `${path}.${randomUUID()}`;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      try {
        await writeFile(whole, text, { mode: 0o600, flag: 'wx' });
        await rename(whole, path);
      } catch (error) {
        await rm(whole, { force: true });
        throw error;
      }
    },
  };
}
