import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, messageOf } from '@dure/core';
import { gitBackend } from '../backends/git-backend.ts';
import { gitAddress } from './git-address.ts';

test('addresses of the allowed transports are taken as they are; a path is a file', () => {
  const good = [
    ...[
      'https://git.example/a/config.git',
      'https://git.example:8443/{application}/{profile}.git',
      'file:///srv/config.git',
    ],
    ...[
      'ssh://git@git.example/config.git',
      'git@git.example:team/{application}.git',
      'http://127.0.0.1:3000/config.git',
    ],
    ...['http://localhost/config.git', 'https://[2001:db8::1]/config.git'],
  ];
  for (const address of good) assert.equal(gitAddress(address), address);
  assert.equal(gitAddress('/srv/config.git'), 'file:///srv/config.git');
});

test('other transports, options, passwords and odd characters are refused, and no secret is repeated', () => {
  const bad = [
    ...[
      'ext::sh -c touch% /tmp/owned',
      'ext::sh',
      'fd::17',
      '--upload-pack=touch',
      '-x',
      '',
      'config.git',
      './config.git',
      '../x',
    ],
    ...[
      'http://git.example/config.git',
      'git://git.example/config.git',
      'ftp://git.example/x',
      'javascript:1',
      'data:,x',
    ],
    ...['https://dure:s3cret@git.example/x.git', 'https://dure@git.example/x.git', 'ssh://git:s3cret@git.example/x'],
    ...['ssh://-oProxyCommand=touch/x', 'git@-oProxyCommand:x', 'git@host:-x', 'x@host::y', 'file://host/share/x'],
    ...['https://{application}.example/x.git', 'https://git.example:{profile}/x', '{application}@git.example:x.git'],
    ...['https://git.example/x y', 'https://git.example/x\n', 'https://git.example/"', 'https://git.example/a\\b'],
    ...[
      'https://git.example/x?s3cret',
      'https://git.example/x#s3cret',
      'https:///x',
      'https://git.example/\0',
      'HTTPS:x',
    ],
  ];
  for (const address of bad) {
    assert.throws(
      () => gitAddress(address),
      (error: Error) => {
        assert.equal(codeOf(error), 'CONFIG_GIT_OPTIONS', address);
        assert.doesNotMatch(messageOf(error), /s3cret|owned/);
        return true;
      },
      JSON.stringify(address),
    );
  }
  const repos = [{ patterns: ['a'], url: 'ext::sh' }];
  assert.throws(() => gitBackend({ url: '/srv/x.git', repos }), { code: 'CONFIG_GIT_OPTIONS' });
});
