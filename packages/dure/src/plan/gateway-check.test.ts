import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewaySettings } from '@dure/proxy/gateway';
import { contract, get } from '@dure/service/contract';
import { service } from '@dure/service/server';
import { z } from 'zod';
import { edge, system } from '../system.ts';
import { gatewayProblems } from './gateway-check.ts';

const plain = contract('plain', {
  total: get('/total', { output: z.object({ total: z.number() }), access: 'public' }),
});

const problems = (gateway: () => Promise<GatewaySettings>) =>
  gatewayProblems(
    system('small', {
      services: {
        plain: async () => service({ contract: plain, start: () => ({ total: async () => ({ total: 7 }) }) }),
      },
      edge: edge({ expose: [plain], gateway }),
    }),
  );

test('settings of a gateway that would not start are told without starting it, and others are not', async () => {
  assert.deepEqual(await problems(async () => ({ layers: { 'plain.total': [] } })), []);
  const [unknown = ''] = await problems(async () => ({ layers: { 'plain.totl': [] } }));
  assert.match(unknown, /would not start: .*"plain\.totl".* there are plain\.total \[GATEWAY_ROUTE_INVALID\]$/);
  assert.deepEqual(
    await problems(async () => {
      throw new TypeError('gateway.ts is half written');
    }),
    ['the gateway would not start: gateway.ts is half written'],
  );
});
