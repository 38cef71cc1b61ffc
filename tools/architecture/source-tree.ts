import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { ParseResult } from 'oxc-parser';
import { parseSync } from 'oxc-parser';

/** One import or re-export, of whatever kind. */
export interface ImportOf {
  /** As written: `./call.ts`, `@dure/core`. */
  readonly specifier: string;
  readonly line: number;
  readonly typeOnly: boolean;
  readonly reExport: boolean;
  /** Names that are taken; `*` for all. */
  readonly names: readonly string[];
}

/** A source file, parsed. */
export interface SourceFile {
  /** Relative to the root, with slashes: `packages/core/src/call.ts`. */
  readonly path: string;
  readonly text: string;
  readonly parsed: ParseResult;
  readonly imports: readonly ImportOf[];
  /** The workspace it belongs to: `packages/core`, `shop/order`, `tools`. */
  readonly unit: string;
  readonly isTest: boolean;
  lineAt(offset: number): number;
}

/** A package.json, as far as the rules care. */
export interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Everything the rules look at. */
export interface SourceTree {
  readonly root: string;
  readonly files: readonly SourceFile[];
  readonly manifests: ReadonlyMap<string, Manifest>;
  file(path: string): SourceFile | undefined;
}

/** Something that breaks a rule: where, and what to do. */
export interface Violation {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** A rule of the house, checked by machine. */
export interface Rule {
  readonly name: string;
  check(tree: SourceTree): Iterable<Violation>;
}

/** A checker that looks at nothing is content with everything: fewer files than this means that it is broken. */
export const leastFiles = 1_760;

const patterns = ['packages/*/src/**/*.ts', 'packages/*/web/**/*.{ts,tsx}', 'shop/**/*.{ts,tsx}', 'tools/**/*.ts'];
const leftOut = /node_modules|\/dist\/|\.dure\/|^tools\/fixtures\/|\.d\.ts$/;

/** Reads and parses every source file below a root. */
export function sourceTree(root: string): SourceTree {
  const paths = patterns
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .map((path) => path.split('\\').join('/'));
  const files = paths
    .filter((path) => !leftOut.test(path))
    .sort()
    .map((path) => readSource(root, path));
  const byPath = new Map(files.map((file) => [file.path, file]));
  return { root, files, manifests: manifestsOf(root), file: (path) => byPath.get(path) };
}

/** Where a relative specifier leads, as a path of the tree. */
export function resolveRelative(file: SourceFile, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(file.path), specifier));
}

/** The package part of a bare specifier: `@dure/core`, `zod`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function readSource(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const parsed = parseSync(path, text);
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineAt = (offset: number) => starts.findLastIndex((start) => start <= offset) + 1;
  return {
    path,
    text,
    parsed,
    lineAt,
    unit: unitOf(path),
    isTest: isTestPath(path),
    imports: importsOf(parsed, text, lineAt),
  };
}

function importsOf(parsed: ParseResult, text: string, lineAt: (offset: number) => number): ImportOf[] {
  const found: ImportOf[] = [];
  for (const statement of parsed.module.staticImports) {
    const typeOnly = statement.entries.length > 0 && statement.entries.every((entry) => entry.isType);
    const names = statement.entries.map(
      (entry) => entry.importName.name ?? (entry.importName.kind === 'Default' ? 'default' : '*'),
    );
    found.push({
      specifier: statement.moduleRequest.value,
      line: lineAt(statement.start),
      typeOnly,
      reExport: false,
      names,
    });
  }
  for (const statement of parsed.module.staticExports) {
    const [entry] = statement.entries;
    if (entry?.moduleRequest == null) continue;
    const names = statement.entries.map(({ importName }) => importName.name ?? '*');
    found.push({
      specifier: entry.moduleRequest.value,
      line: lineAt(statement.start),
      typeOnly: statement.entries.every(({ isType }) => isType),
      reExport: true,
      names,
    });
  }
  for (const { moduleRequest, start } of parsed.module.dynamicImports) {
    const written = text.slice(moduleRequest.start, moduleRequest.end);
    const literal = /^(['"])(.*)\1$/.exec(written)?.[2];
    if (literal !== undefined)
      found.push({ specifier: literal, line: lineAt(start), typeOnly: false, reExport: false, names: ['*'] });
  }
  return found;
}

function unitOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  if (first === 'packages') return `${first}/${second}`;
  if (first === 'shop' && path.split('/').length > 2) return `${first}/${second}`;
  return first;
}

function isTestPath(path: string): boolean {
  return /\.test\.tsx?$|\/testing\/|\/fixtures\/|\.stress\.ts$|^shop\/tests?\//.test(path);
}

function manifestsOf(root: string): ReadonlyMap<string, Manifest> {
  const found = globSync('{packages,shop}/{*,}/package.json', { cwd: root }).concat(
    existsSync(join(root, 'shop/package.json')) ? ['shop/package.json'] : [],
  );
  return new Map(
    found.map((path) => [
      dirname(path).split('\\').join('/'),
      JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest,
    ]),
  );
}
