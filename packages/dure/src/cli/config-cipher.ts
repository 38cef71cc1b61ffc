import { appendFile, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { configErrors, keyring, newKey, readKeyring, writeKeyring } from '@dure/config/cipher';
import { dureErrors } from '../errors.ts';
import { keyringFile } from '../keyring-file.ts';
import { loadSystem } from '../load-system.ts';
import type { CommandContext } from './command.ts';
import type { CommandLine } from './command-line.ts';
import { exitCodes } from './exit-codes.ts';
import { messages } from './messages.ts';
import { systemPlace } from './system-folder.ts';
import { whoOf } from './who.ts';

const longestText = 64 * 1024;

/** `dure config encrypt`: prints `{cipher}…` for what standard input holds, but for a line break at its end. */
export async function encryptText(line: CommandLine, context: CommandContext): Promise<number> {
  const { terminal, language } = context;
  const path = await keyringPath(line, context);
  const plain = await inputOf(context);
  let data = await readKeyring(path);
  if (data === undefined) {
    data = { current: '1', keys: { 1: newKey() } };
    await writeKeyring(path, data);
    terminal.err(`${messages[language].cipher.madeKeyring(path)}\n`);
  }
  const value = keyring(data, path).encryptValue(plain);
  terminal.out(line.switches.has('json') ? `${JSON.stringify({ value })}\n` : `${value}\n`);
  return exitCodes.ok;
}

/** `dure config decrypt --why …`: prints what was encrypted. Who did it and why is kept beside the keys. */
export async function decryptText(line: CommandLine, context: CommandContext): Promise<number> {
  const who = whoOf(line);
  const path = await keyringPath(line, context);
  const data = await readKeyring(path);
  if (data === undefined) throw noKeyring(path);
  const encrypted = (await inputOf(context)).trim().replace(/^(['"])(.*)\1$/s, '$2');
  const value = keyring(data, path).decrypt(encrypted);
  const at = new Date(context.clock.now()).toISOString();
  const record = join(dirname(path), 'keyring.log');
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await appendFile(record, `${JSON.stringify({ at, ...who, did: 'decrypt' })}\n`, { mode: 0o600 });
  context.terminal.out(line.switches.has('json') ? `${JSON.stringify({ value })}\n` : `${value}\n`);
  return exitCodes.ok;
}

/** The keyring that a command is about. */
export async function keyringPath({ values }: CommandLine, { folder }: CommandContext): Promise<string> {
  const given = values.get('keyring');
  if (given !== undefined) return resolve(folder, given);
  const { module, stateFolder } = await systemPlace(folder, values.get('system'), values.get('state'));
  return keyringFile(await loadSystem(module), stateFolder);
}

/** The error where there is no keyring yet. */
export function noKeyring(path: string): Error {
  return configErrors.KEYRING_INVALID(`there is no keyring ${path}; \`dure config encrypt\` makes one`, {
    details: { path },
  });
}

async function inputOf({ readInput, terminal, language }: CommandContext): Promise<string> {
  if (terminal.isInteractive) terminal.err(`${messages[language].cipher.typeValue}\n`);
  const text = ((await readInput?.()) ?? '').replace(/\r?\n$/, '');
  if (text === '') throw dureErrors.USAGE('standard input holds no value: `… | dure config encrypt`');
  if (text.length > longestText)
    throw dureErrors.USAGE(`the value has ${text.length} characters; at most ${longestText} are encrypted`);
  return text;
}
