import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Certificates in a folder of their own, each signed by itself. */
export interface TestCertificates extends AsyncDisposable {
  readonly certFile: string;
  readonly keyFile: string;
  /** Writes another pair, for a name, into the same files. */
  write(name: string): void;
}

/** Makes a certificate for `first.test`. */
export async function testCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-tls-'));
  const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const write = (name: string) => {
    const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', ...made, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', certFile], {
      stdio: 'ignore',
    });
  };
  write('first.test');
  return { certFile, keyFile, write, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
