import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key, PEM files. */
export interface TestPair {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority that signs certificates, in a folder of its own. */
export interface TestAuthority extends AsyncDisposable {
  readonly caFile: string;
  /** For these names, such as `DNS:a.test,IP:127.0.0.1`; valid for so many days, with -1 until yesterday. */
  issue(names: string, days?: number): TestPair;
}

const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes an authority of this name. */
export async function testAuthority(name: string): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'dure-authority-'));
  const at = (file: string) => join(folder, file);
  const openssl = (...parameters: readonly string[]) => execFileSync('openssl', parameters, { stdio: 'ignore' });
  const [caFile, caKey] = [at('ca.crt'), at('ca.key')];
  openssl('req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name}`, '-keyout', caKey, '-out', caFile);
  let issued = 0;
  return {
    caFile,
    issue(names, days = 2) {
      issued += 1;
      const [certFile, keyFile, request] = [at(`${issued}.crt`), at(`${issued}.key`), at(`${issued}.csr`)];
      const subject = ['-subj', `/CN=${issued}.${name}`, '-addext', `subjectAltName=${names}`];
      openssl('req', ...key, ...subject, '-keyout', keyFile, '-out', request);
      const by = ['-CA', caFile, '-CAkey', caKey, '-CAcreateserial', '-copy_extensions', 'copy'];
      openssl('x509', '-req', '-in', request, ...by, '-days', String(days), '-out', certFile);
      return { certFile, keyFile };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
