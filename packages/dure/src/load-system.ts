import { access, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDureError, messageOf } from '@dure/core';
import type { ServiceDefinition } from '@dure/service/server';
import { dureErrors } from './errors.ts';
import type { LazyService, System } from './system.ts';
import { isSystem } from './system.ts';

/** A system and where it was found. */
export interface LoadedSystem {
  readonly system: System;
  /** Absolute path of the module. */
  readonly module: string;
  /** Its folder: relative paths in the system are meant from here. */
  readonly folder: string;
}

/** The definitions of services by their names. */
export type Definitions = Readonly<Record<string, ServiceDefinition>>;

/**
 * Finds the module of a system: the given file, `system.ts` in the given folder, or, when nothing is given,
 * `system.ts` here or in the only sub-folder that has one. DURE_SYSTEM_NOT_FOUND.
 */
export async function findSystem(from: string, given: string | undefined): Promise<string> {
  const start = resolve(from, given ?? '.');
  const info = await stat(start).catch(() => undefined);
  if (info?.isFile() === true) return start;
  if (info?.isDirectory() === true) {
    const here = await moduleIn(start);
    if (here !== undefined) return here;
    if (given === undefined) return theOnlyOne(start);
  }
  const where = given ?? 'this folder';
  throw dureErrors.SYSTEM_NOT_FOUND(
    info === undefined ? `there is no file or folder "${where}"` : `there is no system.ts in ${where} (${start})`,
    { details: { given, folder: start } },
  );
}

/** Imports a system's module. DURE_SYSTEM_BROKEN when it does not load or exports no system, or more than one. */
export async function loadSystem(module: string): Promise<LoadedSystem> {
  const exports = await importModule(module);
  const systems = new Set(Object.values(exports).filter(isSystem));
  const [system] = systems;
  if (system === undefined || systems.size > 1) {
    throw dureErrors.SYSTEM_BROKEN(
      `${module} exports ${systems.size === 0 ? 'no system' : `${systems.size} systems`}; export exactly one value made by system(name, { … }) of @dure/dure`,
      { details: { module, exported: Object.keys(exports) } },
    );
  }
  return { system, module, folder: dirname(module) };
}

/** Loads the services that are asked for, in parallel. DURE_SYSTEM_BROKEN names the one that does not load. */
export async function loadDefinitions(
  system: System,
  names: readonly string[] = Object.keys({ ...system.services, ...system.edge.composed }),
): Promise<Definitions> {
  const loaded = await Promise.all(names.map(async (name) => [name, await loadDefinition(system, name)] as const));
  return Object.fromEntries(loaded);
}

/**
 * Imports the module of one service, which may be another than the system's. DURE_SYSTEM_BROKEN when it does not load, or
 * exports no definition of this service, or more than one.
 */
export async function loadService(module: string, name: string): Promise<ServiceDefinition> {
  const exports = await importModule(module);
  const definitions = new Set(Object.values(exports).filter(isDefinition));
  const [definition] = definitions;
  if (definition === undefined || definitions.size > 1 || definition.contract.name !== name) {
    const found = [...definitions].map(({ contract }) => `"${contract.name}"`).join(', ') || 'none';
    throw dureErrors.SYSTEM_BROKEN(
      `${module} must export exactly one value made by service({ … }), of the contract "${name}"; found: ${found}`,
      { details: { module, service: name, exported: Object.keys(exports) } },
    );
  }
  return definition;
}

/** Loads one service of a system. DURE_SERVICE_UNKNOWN, DURE_SYSTEM_BROKEN. */
export async function loadDefinition(
  { name: system, services, edge }: System,
  name: string,
): Promise<ServiceDefinition> {
  const all: Readonly<Record<string, LazyService>> = { ...services, ...edge.composed };
  const lazy = all[name];
  if (lazy === undefined) {
    throw dureErrors.SERVICE_UNKNOWN(`the system "${system}" has no service "${name}"`, { details: { service: name } });
  }
  let definition: unknown;
  try {
    definition = await lazy();
  } catch (cause) {
    throw broken(`the service "${name}" does not load`, cause, { service: name });
  }
  if (!isDefinition(definition)) {
    throw dureErrors.SYSTEM_BROKEN(
      `the service "${name}" of the system "${system}" loads no definition; its function must resolve to a value made by service({ … }), such as () => import('./${name}/service.ts').then((m) => m.${name}Service)`,
      { details: { service: name } },
    );
  }
  if (definition.contract.name !== name) {
    throw dureErrors.SYSTEM_INVALID(
      `the system "${system}" calls a service "${name}" whose contract is named "${definition.contract.name}"; use one name for both`,
      { details: { service: name, contract: definition.contract.name } },
    );
  }
  return definition;
}

function isDefinition(value: unknown): value is ServiceDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'service';
}

async function importModule(module: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(module).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    if (isDureError(cause)) throw cause;
    throw broken(`${module} does not load`, cause, { module });
  }
}

/** The first line of the cause, and the place in a source file that its stack begins with. */
function broken(what: string, cause: unknown, details: Readonly<Record<string, unknown>>) {
  if (isDureError(cause)) return cause;
  const place = placeOf(cause);
  const reason = `${cause instanceof Error ? `${cause.name}: ` : ''}${messageOf(cause).split('\n')[0]}`;
  return dureErrors.SYSTEM_BROKEN(`${what}: ${reason}${place === undefined ? '' : ` (${place})`}`, {
    cause,
    details: { ...details, reason, place },
  });
}

function placeOf(cause: unknown): string | undefined {
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  const match = /file:\/\/(\/[^\s()]+?:\d+)(?::\d+)?/.exec(stack) ?? /^(\/[^\s()]+?:\d+)$/m.exec(stack);
  return match?.[1] === undefined ? undefined : decodeURI(match[1]);
}

async function moduleIn(folder: string): Promise<string | undefined> {
  for (const name of ['system.ts', 'system.js']) {
    const path = join(folder, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

async function theOnlyOne(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name));
  const found = await Promise.all(folders.map((entry) => moduleIn(join(folder, entry.name))));
  const modules = found.filter((path) => path !== undefined);
  const [only] = modules;
  if (only !== undefined && modules.length === 1) return only;
  throw dureErrors.SYSTEM_NOT_FOUND(
    modules.length === 0
      ? `there is no system.ts in ${folder}, nor in a folder below it`
      : `there are ${modules.length} systems below ${folder}: ${modules.map((path) => relative(folder, dirname(path))).join(', ')}`,
    { details: { folder } },
  );
}
