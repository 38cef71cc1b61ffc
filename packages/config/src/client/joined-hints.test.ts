import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigFollower, ConfigHints } from './hints.ts';
import { joinedHints } from './joined-hints.ts';

test('hints from several arrive while those of all do, and each is told of the follower and its end', async () => {
  const heard: string[] = [];
  const isOpen: Record<string, boolean> = { server: true, cluster: true };
  const hints = (name: string): ConfigHints => ({
    follow: ({ target }) => {
      heard.push(`${name} follows ${target.service}`);
      return {
        get isOpen() {
          return isOpen[name] === true;
        },
        tell: () => void heard.push(`${name} is told`),
        close: async () => void heard.push(`${name} ends`),
      };
    },
  });
  const follower = { target: { service: 'order', profiles: [] } } as unknown as ConfigFollower;
  const line = joinedHints([hints('server'), hints('cluster')]).follow(follower);
  assert.ok(line.isOpen);
  isOpen.cluster = false;
  assert.ok(!line.isOpen);
  line.tell();
  await line.close();
  assert.deepEqual(heard, [
    ...['server follows order', 'cluster follows order', 'server is told', 'cluster is told'],
    ...['server ends', 'cluster ends'],
  ]);
});
