import { readFile, stat } from 'node:fs/promises';
import { configErrors } from './errors.ts';

/** The first line of a file that nobody but its owner can read. CONFIG_SECRET_FILE for one that others can, and for none. */
export async function readSecret(path: string): Promise<string> {
  const [info, text] = await Promise.all([stat(path), readFile(path, 'utf8')]).catch((cause: unknown) => {
    throw configErrors.SECRET_FILE(`the file ${path} with a secret cannot be read`, { cause });
  });
  if ((info.mode & 0o077) !== 0)
    throw configErrors.SECRET_FILE(`the file ${path} with a secret can be read by others; set its mode to 0600`);
  const [secret = ''] = text.split(/\r?\n/, 1);
  if (secret === '') throw configErrors.SECRET_FILE(`the file ${path} with a secret is empty`);
  return secret;
}
