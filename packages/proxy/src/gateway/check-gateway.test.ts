import assert from 'node:assert/strict';
import { test } from 'node:test';
import { named } from '../routing/named-layer.ts';
import { route } from '../routing/route.ts';
import { things } from '../testing/test-contract.ts';
import { checkGateway } from './check-gateway.ts';
import type { GatewayOptions } from './gateway-options.ts';

const to = { url: 'http://127.0.0.1:9' };
const layer = named('Own', (next) => next);
const bad: Readonly<Record<string, readonly [Partial<GatewayOptions>, string]>> = {
  'layers of no operation': [{ layers: { 'things.readThingg': [layer] } }, 'GATEWAY_ROUTE_INVALID'],
  'two routes for the same requests': [
    { routes: [route('again', { path: '/things/:id', methods: ['GET'], to, access: 'public' })] },
    'GATEWAY_ROUTE_CONFLICT',
  ],
  'a validation of no operation': [{ validateRequests: { 'things.x': true } }, 'GATEWAY_ROUTE_INVALID'],
  'trust that nothing uses': [{ upstreamTls: { thigns: { caFile: 'ca.pem' } } }, 'GATEWAY_PROTOCOL_INVALID'],
  'a proxy that is none': [{ trustedProxies: ['10.0.0.0/99'] }, 'GATEWAY_PROTOCOL_INVALID'],
  'credentials for everybody': [
    { cors: { allowedOrigins: ['*'], allowCredentials: true } },
    'GATEWAY_PROTECTION_INVALID',
  ],
  'a session without a sign-in': [{ session: { issuer: things, signIn: 'readThing' } }, 'GATEWAY_SESSION_INVALID'],
};

for (const [what, [options, code]] of Object.entries(bad)) {
  test(`${what} is found without starting a gateway`, () =>
    assert.rejects(checkGateway({ exposes: [things], ...options }), { code }));
}

test('settings with which a gateway starts are judged to be so, also those that are made of its tools', async () => {
  await checkGateway({
    exposes: [things],
    follow: ['later'],
    session: { issuer: things, signIn: 'signIn' },
    layers: ({ rateLimits }) => (rateLimits === undefined ? {} : { 'things.readThing': [layer] }),
    routes: () => [route('more', { path: '/more', to, access: 'public' })],
    validateRequests: { '*': 'shadow' },
  });
});
