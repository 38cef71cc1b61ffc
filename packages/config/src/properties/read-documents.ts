import { isDureError } from '@dure/core';
import type { PropertyDocument } from './property.ts';
import { readPropertiesFile } from './read-properties.ts';
import { readYamlText } from './read-yaml-text.ts';

/** What a file says, or why it cannot be read. */
export type DocumentsRead =
  | { readonly documents: readonly PropertyDocument[]; readonly problem: undefined }
  | { readonly documents: undefined; readonly problem: { readonly place: string; readonly message: string } };

/** Reads a file by what its name ends in. */
export async function readDocuments(path: string, bytes: Uint8Array): Promise<DocumentsRead> {
  const text = new TextDecoder().decode(bytes);
  try {
    const documents = path.endsWith('.properties') ? readPropertiesFile(text, path) : await readYamlText(text, path);
    return { documents, problem: undefined };
  } catch (error) {
    if (!isDureError(error)) throw error;
    return { documents: undefined, problem: fileProblem(path, error) };
  }
}

/** What is wrong with a file, at the place that the error names. */
export function fileProblem(path: string, error: Error): { readonly place: string; readonly message: string } {
  const place = isDureError(error) && typeof error.details.place === 'string' ? error.details.place : `${path}:1:1`;
  return { place, message: error.message };
}
