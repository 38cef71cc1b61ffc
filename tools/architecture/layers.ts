import type { SourceFile, SourceTree } from './source-tree.ts';

/** The layer of each package; a subpath may stand higher than its package. */
const packageLayers: Readonly<Record<string, number>> = {
  core: 0,
  resilience: 1,
  balancer: 1,
  telemetry: 1,
  messaging: 1,
  flags: 1,
  service: 2,
  identity: 2,
  saga: 2,
  jobs: 2,
  'event-sourcing': 2,
  registry: 2,
  config: 2,
  proxy: 3,
  console: 3,
  postgres: 3,
  kafka: 3,
  rabbitmq: 3,
  nats: 3,
  redis: 3,
  sqlite: 3,
  kubernetes: 3,
  dure: 4,
};
const subpathLayers: Readonly<Record<string, number>> = {
  'registry/server': 3,
  'config/server': 3,
  'messaging/asks': 1.5,
  'messaging/attempts': 1.5,
  'messaging/followers': 1.5, // telemetry stands below it, event sourcing upon it
  'messaging/timers': 1.5,
  'messaging/feed': 3,
  'messaging/broker': 3,
  'messaging/replay': 3,
  'identity/issuer': 3,
};

/**
 * What stands upon what inside a package, the lowest first: a folder knows those below it, and none beside or above it.
 * `.` are the package's own files. Packages that are not here have no such walls.
 */
const innerSteps: Readonly<Record<string, readonly (readonly string[])[]>> = {
  service: [['.'], ['contract'], ['client', 'compatibility'], ['server'], ['composition']],
  registry: [['.'], ['wire'], ['client', 'server']],
  config: [['.'], ['properties', 'bus', 'wire'], ['cipher'], ['client', 'server']],
  messaging: [['.'], ['attempts'], ['asks', 'followers', 'timers'], ['feed'], ['broker', 'replay']],
  proxy: [
    ['.'],
    ['http', 'regex'],
    ['upstream'],
    ['engine'],
    ['routing'],
    ['access', 'cache', 'compression', 'filters', 'grpc', 'observe', 'protection', 'traffic'],
    ['spring'],
    ['gateway', 'router'],
  ],
  dure: [['.'], ['async-api'], ['plan', 'host'], ['libraries'], ['supervisor'], ['chaos'], ['cli']],
};

/** Where a file stands inside its package: its folder, and how high that is. */
export interface InnerPlace {
  readonly name: string;
  /** NaN for a folder that the table does not know. */
  readonly step: number;
}

/** The inner place of `packages/<name>/src/<folder>/…`; undefined in packages without walls, and for test kits. */
export function innerPlaceOf(path: string): InnerPlace | undefined {
  const match = /^packages\/([^/]+)\/src\/(?:([^/]+)\/)?[^/]/.exec(path);
  const [, owner = '', folder = '.'] = match ?? [];
  const steps = innerSteps[owner];
  if (steps === undefined || folder === 'testing') return undefined;
  const step = steps.findIndex((names) => names.includes(folder));
  return { name: folder === '.' ? owner : `${owner}/${folder}`, step: step < 0 ? Number.NaN : step };
}

/** Where something stands: its package (or the shop, or the tools) and its layer. */
export interface Place {
  readonly owner: string;
  readonly layer: number;
}

/** The place of a source file; undefined for the tools, which stand outside. */
export function placeOf(file: SourceFile): Place | undefined {
  const [first, name = '', , folder = ''] = file.path.split('/');
  if (first === 'shop') return { owner: file.unit, layer: 5 };
  if (first !== 'packages') return undefined;
  return { owner: file.unit, layer: subpathLayers[`${name}/${folder}`] ?? packageLayers[name] ?? Number.NaN };
}

/** The place of what `@dure/name/sub` leads to; undefined for other people's packages. */
export function placeOfSpecifier(specifier: string): Place | undefined {
  const match = /^@(dure|shop)\/([^/]+)(?:\/(.+))?$/.exec(specifier);
  if (match === null) return undefined;
  const [, scope, name = '', sub = ''] = match;
  if (scope === 'shop') return { owner: name === 'system' ? 'shop' : `shop/${name}`, layer: 5 };
  return { owner: `packages/${name}`, layer: subpathLayers[`${name}/${sub}`] ?? packageLayers[name] ?? Number.NaN };
}

/** The file that a specifier of one of our own packages leads to, by the package's `exports`. */
export function fileBehind(tree: SourceTree, specifier: string): SourceFile | undefined {
  const place = placeOfSpecifier(specifier);
  if (place === undefined) return undefined;
  const sub = specifier.split('/').slice(2).join('/');
  const target = tree.manifests.get(place.owner)?.exports?.[sub === '' ? '.' : `./${sub}`];
  return target === undefined ? undefined : tree.file(`${place.owner}/${target.replace(/^\.\//, '')}`);
}
