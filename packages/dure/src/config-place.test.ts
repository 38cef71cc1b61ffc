import assert from 'node:assert/strict';
import { test } from 'node:test';
import { git, resolveConfig } from './config-place.ts';
import { edge, system } from './system.ts';

const repository = git({
  url: '../config.git',
  searchPaths: ['{application}'],
  passwordFile: './token',
  hookSecretFile: 'secrets/hook',
  repos: [{ patterns: ['pay'], url: 'https://git.example/pay.git', sshKeyFile: '/keys/pay', caFile: 'ca.pem' }],
});

test('a git repository in a system is plain data, beside a folder or in its place', () => {
  const configOf = (config: Parameters<typeof system>[1]['config']) =>
    system('shop', { services: {}, edge: edge({ expose: [] }), ...(config === undefined ? {} : { config }) }).config;
  assert.deepEqual(configOf(undefined), []);
  assert.deepEqual(configOf(repository), [repository]);
  assert.deepEqual(configOf([repository, './config']), [repository, './config']);
  assert.deepEqual(JSON.parse(JSON.stringify(repository)), repository);
});

test('paths are meant from the system’s folder; addresses with a host stay as they are', () => {
  assert.deepEqual(resolveConfig('/srv/shop', [repository, './config']), [
    {
      kind: 'git',
      url: '/srv/config.git',
      searchPaths: ['{application}'],
      passwordFile: '/srv/shop/token',
      hookSecretFile: '/srv/shop/secrets/hook',
      repos: [
        { patterns: ['pay'], url: 'https://git.example/pay.git', sshKeyFile: '/keys/pay', caFile: '/srv/shop/ca.pem' },
      ],
    },
    '/srv/shop/config',
  ]);
});
