import { placeOfSpecifier } from '../layers.ts';
import type { ImportOf, Rule, SourceFile, Violation } from '../source-tree.ts';
import { resolveRelative } from '../source-tree.ts';

const adapters: ReadonlySet<string> = new Set([
  'packages/postgres',
  'packages/kafka',
  'packages/rabbitmq',
  'packages/nats',
  'packages/redis',
  'packages/kubernetes',
]);

/** Rule 5: adapters and `process.env` meet the rest only where a program is put together; `domain/` does no I/O. */
export const compositionRoots: Rule = {
  name: '5-composition-roots',
  *check(tree) {
    for (const file of tree.files) {
      if (file.unit === 'tools' || file.isTest) continue;
      for (const found of file.imports) {
        const message = complaint(file, found);
        if (message !== undefined)
          yield { rule: this.name, path: file.path, line: found.line, message } satisfies Violation;
      }
      const env = /\bprocess\.env\b/.exec(file.text);
      if (env !== null && !/\/(main|system)\.ts$/.test(file.path)) {
        yield {
          rule: this.name,
          path: file.path,
          line: file.lineAt(env.index),
          message: 'only a main.ts reads the environment; take the value as a parameter',
        };
      }
    }
  },
};

function complaint(file: SourceFile, { specifier }: ImportOf): string | undefined {
  const target = placeOfSpecifier(specifier);
  if (/\/domain\//.test(file.path)) return purity(file, specifier);
  if (target === undefined) return undefined;
  if (adapters.has(target.owner) && target.owner !== file.unit && !mayUseAdapters(file.path)) {
    return `an adapter ("${specifier}") is put together with the rest only in main.ts, system.ts or the host`;
  }
  if (
    file.unit.startsWith('shop/') &&
    target.owner.startsWith('shop/') &&
    target.owner !== file.unit &&
    !specifier.endsWith('/contract')
  ) {
    return `a service knows another only by its contract; import "${specifier.split('/').slice(0, 2).join('/')}/contract"`;
  }
  return undefined;
}

function mayUseAdapters(path: string): boolean {
  return (
    /^packages\/dure\/src\//.test(path) ||
    /^shop\/([^/]+\/(service|[^/]+\.postgres|checkout\/[^/]+)\.ts|system\.ts|invariants\.ts)$/.test(path)
  );
}

function purity(file: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    const target = resolveRelative(file, specifier);
    return target.includes('/domain/') || target.endsWith('/contract.ts')
      ? undefined
      : `domain/ imports ${target}; it may know the domain and the contract only`;
  }
  return /^(@dure\/core|@dure\/messaging|@dure\/event-sourcing|@shop\/[^/]+\/contract|zod)$/.test(specifier)
    ? undefined
    : `domain/ does no I/O, but imports "${specifier}"`;
}
