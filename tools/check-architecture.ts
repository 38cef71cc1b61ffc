import { join } from 'node:path';
import { rules } from './architecture/all-rules.ts';
import { leastFiles, sourceTree } from './architecture/source-tree.ts';

const root = process.argv[2] ?? join(import.meta.dirname, '..');
const tree = sourceTree(root);
const violations = rules.flatMap((rule) => [...rule.check(tree)]);
for (const { rule, path, line, message } of violations) process.stdout.write(`${path}:${line}  ${rule}  ${message}\n`);
const broken = tree.files.filter(({ parsed }) => parsed.errors.length > 0);
for (const { path } of broken) process.stdout.write(`${path}:1  parse  the file cannot be parsed\n`);
if (tree.files.length < leastFiles)
  process.stdout.write(`only ${tree.files.length} files were seen; at least ${leastFiles} were expected\n`);
const failed = violations.length > 0 || broken.length > 0 || tree.files.length < leastFiles;
process.stdout.write(
  `architecture: ${tree.files.length} files, ${rules.length} rules, ${violations.length} violations\n`,
);
process.exitCode = failed ? 1 : 0;
