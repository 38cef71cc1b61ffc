import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// Code in documents is not typed by hand. The fenced block after `<!-- code examples/01-resilience-alone/main.ts#guard -->`
// is what stands between `// region guard` and `// endregion` of that file.
// `node tools/include-code.ts` writes it, `--check` only says which pages are not up to date.

const root = join(import.meta.dirname, '..');
const marked = /^<!-- code (\S+?)#(\S+) -->\n(```\w*\n)[\s\S]*?^```$/gm;
const anyMark = /^<!-- code /gm;

const stale: string[] = [];
let blocks = 0;
for (const page of globSync(['*.md', '{docs,examples,packages,shop}/**/*.md'], {
  cwd: root,
  exclude: ['**/node_modules/**'],
})) {
  const text = readFileSync(join(root, page), 'utf8');
  const marks = [...text.matchAll(anyMark)].length;
  const found = [...text.matchAll(marked)].length;
  if (found !== marks)
    fail(`${page}: ${marks - found} of ${marks} marks have no path#region or no fenced block right after them`);
  blocks += found;
  const written = text.replace(
    marked,
    (_, file: string, region: string, fence: string) =>
      `<!-- code ${file}#${region} -->\n${fence}${regionOf(page, file, region)}\n\`\`\``,
  );
  if (written === text) continue;
  stale.push(page);
  if (!process.argv.includes('--check')) writeFileSync(join(root, page), written);
}
if (process.argv.includes('--check') && stale.length > 0)
  fail(`not up to date: ${stale.join(', ')}; run \`node tools/include-code.ts\``);
process.stdout.write(`${blocks} blocks of code, ${stale.length} pages written\n`);

/** The lines of a region, without the indentation that all have. */
function regionOf(page: string, file: string, region: string): string {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const from = lines.findIndex((line) => line.trim() === `// region ${region}`);
  const to = lines.findIndex((line, at) => at > from && line.trim() === '// endregion');
  if (from < 0 || to < 0) fail(`${page}: ${file} has no region "${region}" that ends with // endregion`);
  const body = lines.slice(from + 1, to);
  const indent = Math.min(...body.filter((line) => line !== '').map((line) => line.length - line.trimStart().length));
  return body.map((line) => line.slice(indent)).join('\n');
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
