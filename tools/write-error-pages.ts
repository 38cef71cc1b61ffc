import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorEntry } from '@dure/core';

const root = join(import.meta.dirname, '..');

interface Page {
  readonly file: string;
  readonly title: string;
  readonly intro: string;
  readonly fix: string;
  readonly kind: string;
  readonly retry: string;
  readonly language: 'en' | 'ko';
}

const pages: readonly Page[] = [
  {
    file: 'docs/errors.md',
    title: 'Errors',
    intro:
      'Every error that Dure reports has a stable code. This page is written from the catalogues in the packages by `node tools/write-error-pages.ts`. [한국어](errors.ko.md)',
    fix: 'What to do',
    kind: 'Kind',
    retry: 'trying again may help',
    language: 'en',
  },
  {
    file: 'docs/errors.ko.md',
    title: '오류',
    intro:
      'Dure가 알리는 모든 오류에는 변하지 않는 코드가 있습니다. 이 문서는 각 패키지의 오류 목록에서 `node tools/write-error-pages.ts`로 만들어집니다. [English](errors.md)',
    fix: '해결 방법',
    kind: '종류',
    retry: '다시 시도하면 될 수 있음',
    language: 'ko',
  },
];

const entries = await allEntries();
for (const page of pages) writeFileSync(join(root, page.file), render(page, entries));
process.stdout.write(`${entries.length} error codes written\n`);

async function allEntries(): Promise<readonly (readonly [string, ErrorEntry])[]> {
  const files = globSync(['packages/*/src/{errors,*-errors}.ts', 'shop/*/errors.ts'], { cwd: root });
  const found: [string, ErrorEntry][] = [];
  for (const file of files) {
    const exports = (await import(join(root, file))) as Readonly<Record<string, unknown>>;
    for (const catalogue of Object.values(exports)) {
      if (typeof catalogue !== 'object' || catalogue === null) continue;
      for (const factory of Object.values(catalogue)) if (isFactory(factory)) found.push([factory.code, factory.entry]);
    }
  }
  return found.sort(([a], [b]) => (a < b ? -1 : 1));
}

function isFactory(value: unknown): value is { readonly code: string; readonly entry: ErrorEntry } {
  return typeof value === 'function' && 'code' in value && 'entry' in value;
}

function render(page: Page, all: readonly (readonly [string, ErrorEntry])[]): string {
  const sections = all.map(([code, entry]) => {
    const { title, fix } = entry[page.language];
    const retry = entry.retryable === true ? ` (${page.retry})` : '';
    return `## ${code}\n\n${title}.\n\n**${page.fix}:** ${fix}\n\n${page.kind}: \`${entry.kind}\`${retry}\n`;
  });
  return `# ${page.title}\n\n${page.intro}\n\n${sections.join('\n')}`.replaceAll('..\n', '.\n');
}
