import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { contract, get, post } from '@dure/service/contract';
import { z } from 'zod';
import { openGateway } from '../testing/open-gateway.ts';
import { localInstance } from '../testing/open-proxy.ts';
import { plainAnswer, scriptedUpstream } from '../testing/scripted-upstream.ts';
import { testCertificates } from '../testing/test-certificate.ts';

const any = z.looseObject({});
const pages = contract('pages', {
  read: get('/page', { output: any, access: 'public' }),
  write: post('/page', { body: any, output: any, access: 'public' }),
});

const forgotten = 'nghttp2 forgets streams that are closed, and passes over what comes for them';
const noPriorities = 'nghttp2 reads no PRIORITY frames any more, which RFC 9113 §5.3.2 has deprecated';

/** What h2spec demands and we do otherwise, with the reason; a bare server of Node.js 24 does so too, in exactly these cases. */
const otherwise: Readonly<Record<string, string>> = {
  'http2/5.1: closed: Sends a DATA frame after sending RST_STREAM frame': forgotten,
  'http2/5.1: closed: Sends a HEADERS frame after sending RST_STREAM frame': forgotten,
  'http2/5.1: closed: Sends a DATA frame': forgotten,
  'http2/5.1: closed: Sends a HEADERS frame': forgotten,
  'http2/5.1.1: Sends stream identifier that is numerically smaller than previous': forgotten,
  'http2/5.3.1: Sends PRIORITY frame that depend on itself': noPriorities,
  'http2/6.3: Sends a PRIORITY frame with 0x0 stream identifier': noPriorities,
  'http2/6.7: Sends a PING frame with ACK':
    'Node.js hangs up on an acknowledgement of no PING; nothing is answered to it',
  'http2/6.9.1: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream':
    'nghttp2 hangs up instead of resetting the stream, so that nobody makes it reset many (CVE-2025-8671)',
};

const isThere = spawnSync('h2spec', ['--version']).error === undefined;
const skip = isThere ? false : 'h2spec is not on PATH: go install github.com/summerwind/h2spec/cmd/h2spec@latest';

interface Case {
  readonly name: string;
  readonly failure: string | undefined;
}

/** The cases in a JUnit report of h2spec. */
function casesIn(report: string): readonly Case[] {
  return [...report.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g)].map(
    ([, section, what, inside = '']) => ({
      name: `${section}: ${what}`,
      failure: /<(?:failure|error)>([\s\S]*?)<\/(?:failure|error)>/.exec(inside)?.[1],
    }),
  );
}

// RFC 9113 and RFC 7541, as far as h2spec knows them.
test('h2spec finds nothing amiss at a gateway with TLS, but for what is named here', { skip }, async (t) => {
  await using certificates = await testCertificates();
  const { certFile, keyFile } = certificates;
  await using upstream = await scriptedUpstream((socket, sofar) => {
    if (/\r\n\r\n$/.test(sofar) || sofar.startsWith('POST')) socket.write(plainAnswer('a page of some length'));
  });
  await using gateway = await openGateway({ exposes: [pages], tls: { certFile, keyFile } });
  gateway.instances.set('pages', [localInstance('pages', upstream.port)]);
  const reportFile = join(dirname(certFile), 'h2spec.xml');
  const options = ['--tls', '--insecure', '--strict', '--path', '/page', '--port', String(gateway.port)];
  const run = ['--timeout', '3', '--junit-report', reportFile];
  await new Promise<void>((resolve) => execFile('h2spec', [...options, ...run], () => resolve()));
  const cases = casesIn(await readFile(reportFile, 'utf8'));
  const failed = cases.filter(({ failure }) => failure !== undefined);
  t.diagnostic(`${cases.length} cases, ${failed.length} failures`);
  for (const { name, failure } of failed) t.diagnostic(`${name}\n${failure}`);
  assert.ok(cases.length >= 140, `there were ${cases.length} cases only`);
  assert.deepEqual(failed.map(({ name }) => name).sort(), Object.keys(otherwise).sort());
});
