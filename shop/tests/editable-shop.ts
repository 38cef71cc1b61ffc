import { cp, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StartSystemOptions, TestSystem } from '@dure/dure/testing';
import { startSystem } from '@dure/dure/testing';

export interface EditableShop extends AsyncDisposable {
  readonly shop: TestSystem;
  /** Replaces a file of the configuration as a whole. */
  edit(file: string, text: string): Promise<void>;
}

/** The shop from a copy of its folder, whose configuration a test may edit. */
export async function editableShop(options: StartSystemOptions): Promise<EditableShop> {
  const folder = await mkdtemp(join(tmpdir(), 'shop-live-'));
  const source = join(import.meta.dirname, '..');
  const filter = (path: string) => !/node_modules|\.dure|[/\\]tests$/.test(path.slice(source.length));
  await cp(source, folder, { recursive: true, filter });
  await symlink(join(source, '..', 'node_modules'), join(folder, 'node_modules'));
  const shop = await startSystem(join(folder, 'system.ts'), options);
  return {
    shop,
    async edit(file, text) {
      const path = join(folder, 'config', file);
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    },
    async [Symbol.asyncDispose]() {
      await shop.stop();
      await rm(folder, { recursive: true });
    },
  };
}
