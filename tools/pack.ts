// Stages every package for publishing: node tools/pack.ts <folder>
// Node.js strips no types below node_modules, so what is published is compiled: the same files, one .js and .d.ts each.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = resolve(process.argv[2] ?? join(root, 'dist', 'packages'));

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
compile();
for (const name of readdirSync(join(root, 'packages'))) stage(name);
process.stdout.write(`${readdirSync(target).length} packages staged in ${target}\n`);

/** One run of the compiler over all packages; tests and testing kits' fixtures stay behind. */
function compile(): void {
  const project = join(root, 'tsconfig.pack.json');
  const options = {
    extends: './tsconfig.json',
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      rootDir: './packages',
      outDir: target,
    },
    include: ['packages/*/src/**/*'],
    exclude: ['**/node_modules', '**/*.test.ts', '**/fixtures'],
  };
  writeFileSync(project, JSON.stringify(options));
  try {
    execFileSync('tsc', ['-p', project], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  } finally {
    rmSync(project);
  }
}

/** What the compiler does not carry over: SQL, launchers, built pages, texts, and the manifest. */
function stage(name: string): void {
  const from = join(root, 'packages', name);
  const to = join(target, name);
  for (const file of globSync(['src/**/*.sql', 'src/**/*.json', 'bin/**/*.js', 'README.md'], { cwd: from }))
    copy(join(from, file), join(to, file));
  copy(join(root, 'LICENSE'), join(to, 'LICENSE'));
  if (existsSync(join(from, 'web'))) stageWeb(from, to);
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as Manifest;
  const { devDependencies: _development, ...kept } = manifest;
  const doors = Object.fromEntries(
    Object.entries(manifest.exports ?? {}).map(([door, path]) => [door, published(path)]),
  );
  const staged = {
    ...kept,
    private: undefined,
    exports: doors,
    engines: { node: '>=24' },
    publishConfig: { access: 'public' },
  };
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(staged, null, 2)}\n`);
  for (const file of globSync('bin/**/*.js', { cwd: to })) pointAtCompiled(join(to, file));
}

/** The pages are published built; the design system's sources stay sources, for the bundler of whoever uses them. */
function stageWeb(from: string, to: string): void {
  const builder = join(root, 'packages/console/src/build/main.ts');
  execFileSync(process.execPath, [builder, join(from, 'web'), join(to, 'web', 'dist')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (existsSync(join(from, 'web', 'design')))
    cpSync(join(from, 'web', 'design'), join(to, 'web', 'design'), {
      recursive: true,
      filter: (path) => !path.includes('.test.'),
    });
}

function published(path: string): unknown {
  if (!path.startsWith('./src/')) return path;
  return { types: path.replace(/\.ts$/, '.d.ts'), default: path.replace(/\.ts$/, '.js') };
}

/** The launchers name the sources by their paths. */
function pointAtCompiled(file: string): void {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(main|preload)\.ts'/g, "$1.js'"));
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
