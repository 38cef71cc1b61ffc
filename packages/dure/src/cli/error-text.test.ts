import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DureError } from '@dure/core';
import { dureErrors } from '../errors.ts';
import { demandRepeatable } from '../plan/instances.ts';
import { edge, system } from '../system.ts';
import { errorLines } from './error-text.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { languageOf } from './terminal.ts';

const busy = dureErrors.PORT_BUSY('port 8080 of the gateway is in use by process 42 (node server.js)', {
  details: { component: 'gateway', port: 8080, pid: 42, command: 'node server.js' },
});

const unused = async (): Promise<never> => assert.fail('nothing is loaded');
const shop = system('shop', {
  services: { order: unused },
  edge: edge({ expose: [], composed: { pages: unused } }),
});

test('an error says what happened and what to do, in two languages', () => {
  assert.deepEqual(errorLines(busy, 'en'), {
    message: 'port 8080 of the gateway is in use by process 42 (node server.js)',
    fix: 'Stop the process that holds it, or choose other ports with `--port-base <port>` (0: any free ones).',
  });
  const korean = errorLines(busy, 'ko');
  assert.match(korean.message, /gateway의 포트 8080.*프로세스 42\(node server\.js\)/);
  assert.match(korean.fix ?? '', /--port-base/);
});

test('what can have one process only is told why in both languages', () => {
  const told = (service: string, placement: 'each' | 'one') => {
    try {
      demandRepeatable(shop, placement, service);
      return [];
    } catch (error) {
      return (['en', 'ko'] as const).map((language) => errorLines(error as DureError, language).message);
    }
  };
  assert.deepEqual(told('registry', 'each'), [
    '"registry" has one process at any time: it holds a port that everybody knows',
    '"registry"에는 언제나 프로세스가 하나만 있습니다: 모두가 아는 포트를 쓰고 있습니다',
  ]);
  assert.match(told('pages', 'each')[1] ?? '', /게이트웨이의 일부입니다/);
  assert.match(told('order', 'one')[1] ?? '', /한 프로세스에서 실행됩니다/);
  assert.deepEqual(told('ordr', 'each'), [
    'the system "shop" has no service "ordr"; it has order',
    '시스템에 "ordr" 서비스가 없습니다. 있는 서비스: order',
  ]);
  for (const service of ['order', 'gateway']) assert.deepEqual(told(service, 'each'), []);
});

test('an error without a Korean wording of its own has its title', () => {
  const error = dureErrors.USAGE('there is no command "x"');
  assert.equal(errorLines(error, 'ko').message, '명령을 이해할 수 없습니다: there is no command "x"');
});

test('the next step is that of the process’s own error', () => {
  const error = dureErrors.PROCESS_FAILED('"gateway" did not start: SERVICE_LISTEN_FAILED: …', {
    details: { process: 'gateway', reason: '…', causeCode: 'SERVICE_LISTEN_FAILED', causeFix: 'Stop whoever listens.' },
  });
  assert.equal(errorLines(error, 'en').fix, 'Stop whoever listens.');
  assert.equal(exitCodeOf(error), exitCodes.port);
});

test('the locale decides on the language', () => {
  assert.deepEqual(['ko_KR.UTF-8', 'ko', 'kok_IN', 'en_GB.UTF-8', 'C', undefined].map(languageOf), [
    'ko',
    'ko',
    'en',
    'en',
    'en',
    'en',
  ]);
});

test('a missing binary, a failing migration and a port that a process could not open have their own exit status', () => {
  const status = (code: string) => exitCodeOf(new DureError(code, 'unavailable', ''));
  assert.deepEqual(['POSTGRES_BINARY_MISSING', 'POSTGRES_MIGRATION_FAILED', 'SOMETHING_ELSE'].map(status), [12, 8, 1]);
});
