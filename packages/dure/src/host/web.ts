import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWebIfChanged } from '@dure/console/build';

/** The design system that web applications of a system may import. */
const design = dirname(fileURLToPath(import.meta.resolve('@dure/console/design')));

/** The built pages of a system's storefront, built now when their sources have changed. */
export function storefrontPages(folder: string, storefront: string): Promise<string> {
  const root = join(folder, storefront);
  return buildWebIfChanged({ root, outDir: join(root, 'dist'), sources: [design], name: 'the storefront' });
}
