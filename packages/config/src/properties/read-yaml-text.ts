import type { PropertyDocument } from './property.ts';

/** The YAML library is loaded with the first file that needs it: most processes read none. */
export async function readYamlText(text: string, path: string): Promise<readonly PropertyDocument[]> {
  const { readYaml } = await import('./read-yaml.ts');
  return readYaml(text, path);
}
