// One web build in a process of its own: `main.ts <root> <outDir>`. Exit code 3: Vite is not installed.
const [root = '', outDir = ''] = process.argv.slice(2);

try {
  const { build } = await import('vite').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') process.exit(3);
    throw error;
  });
  await build({ root, logLevel: 'silent', build: { outDir, emptyOutDir: true } });
} catch (error) {
  process.stderr.write(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
