import { dirname, join, resolve } from 'node:path';
import { findSystem } from '../load-system.ts';

/** Where a system is and where its state is kept. */
export interface SystemPlace {
  readonly module: string;
  readonly stateFolder: string;
}

/** Finds the system that a command is about. DURE_SYSTEM_NOT_FOUND. */
export async function systemPlace(
  from: string,
  given: string | undefined,
  state: string | undefined,
): Promise<SystemPlace> {
  const module = await findSystem(from, given);
  return { module, stateFolder: state === undefined ? join(dirname(module), '.dure') : resolve(from, state) };
}

/** The state folder alone: a named one needs no system. */
export async function stateFolderOf(
  from: string,
  given: string | undefined,
  state: string | undefined,
): Promise<string> {
  return state === undefined ? (await systemPlace(from, given, undefined)).stateFolder : resolve(from, state);
}
