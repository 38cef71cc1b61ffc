import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Identity } from '@dure/core';
import { codeOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import type { HttpRequest, HttpResponse } from '@dure/service/server';
import { eurekaApi } from './eureka-api.ts';
import { InstanceRegistry } from './instance-registry.ts';

const json = { accept: 'application/json', 'content-type': 'application/json' };
const orders: Identity = { kind: 'service', subject: 'orders', roles: [], scopes: [] };

/** A registration as Spring's client sends it. */
const registration = (change: Record<string, unknown> = {}) => ({
  instance: {
    instanceId: '10.0.0.7:orders:8080',
    hostName: '10.0.0.7',
    app: 'ORDERS',
    ipAddr: '10.0.0.7',
    status: 'UP',
    overriddenStatus: 'UNKNOWN',
    port: { $: 8080, '@enabled': 'true' },
    securePort: { $: 443, '@enabled': 'false' },
    countryId: 1,
    dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
    leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 },
    metadata: { 'management.port': '8081' },
    homePageUrl: 'http://10.0.0.7:8080/',
    vipAddress: 'orders',
    secureVipAddress: 'orders',
    isCoordinatingDiscoveryServer: 'false',
    lastUpdatedTimestamp: '1700000000000',
    lastDirtyTimestamp: '1700000000123',
    ...change,
  },
});
const id = '10.0.0.7:orders:8080';

function open() {
  const clock = fakeClock(1_700_000_000_200);
  const registry = new InstanceRegistry({
    clock,
    random: seededRandom(1),
    lease: 'exact',
    selfPreservation: true,
    maxInstances: 10,
    evictionIntervalMs: 60_000,
    changed: () => {},
  });
  const mayWrite = (identity: Identity, app: string) => identity.subject.toUpperCase() === app;
  const told: string[] = [];
  const api = eurekaApi({
    registry,
    clock,
    mayWrite,
    isPeer: ({ headers }) => headers['x-netflix-discovery-replication'] === 'true',
    tellPeers: ({ action, id }) => void told.push(`${action} ${id}`),
    peers: () => [
      { url: 'http://peer-2:8761', isReachable: true },
      { url: 'http://peer-3:8761', isReachable: false },
    ],
    maxInstances: 10,
    startedMs: clock.monotonicMs(),
  });
  const send = async (
    method: HttpRequest['method'],
    url: string,
    body: unknown = undefined,
    headers: Record<string, string> = json,
    identity = orders,
  ): Promise<HttpResponse> => {
    const query = new URLSearchParams(url.split('?')[1] ?? '');
    const bytes = new TextEncoder().encode(
      body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
    );
    return api({ method, url, params: {}, query, headers, body: bytes }, identity);
  };
  return { send, registry, clock, told };
}

const expectedInstance =
  '{"instanceId":"10.0.0.7:orders:8080","hostName":"10.0.0.7","app":"ORDERS","ipAddr":"10.0.0.7","status":"UP",' +
  '"overriddenStatus":"UNKNOWN","port":{"$":8080,"@enabled":"true"},"securePort":{"$":443,"@enabled":"false"},"countryId":1,' +
  '"dataCenterInfo":{"@class":"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo","name":"MyOwn"},' +
  '"leaseInfo":{"renewalIntervalInSecs":30,"durationInSecs":90,"registrationTimestamp":1700000000200,' +
  '"lastRenewalTimestamp":1700000000200,"evictionTimestamp":0,"serviceUpTimestamp":1700000000200},' +
  '"metadata":{"management.port":"8081"},"homePageUrl":"http://10.0.0.7:8080/","vipAddress":"orders",' +
  '"secureVipAddress":"orders","isCoordinatingDiscoveryServer":"false","lastUpdatedTimestamp":"1700000000200",' +
  '"lastDirtyTimestamp":"1700000000123","actionType":"ADDED"}';

test('registering answers 204 without a body, and the full fetch is Eureka’s to the byte', async () => {
  const { send } = open();
  assert.deepEqual(await send('POST', '/eureka/apps/ORDERS', registration()), { status: 204 });
  const all = await send('GET', '/eureka/apps/');
  assert.equal(all.headers?.['content-type'], 'application/json');
  assert.equal(
    all.body,
    `{"applications":{"versions__delta":"1","apps__hashcode":"UP_1_","application":[{"name":"ORDERS","instance":[${expectedInstance}]}]}}`,
  );
  assert.equal((await send('GET', `/eureka/apps/orders/${id}`)).body, `{"instance":${expectedInstance}}`);
  assert.equal(
    (await send('GET', '/eureka/apps/orders')).body,
    `{"application":{"name":"ORDERS","instance":[${expectedInstance}]}}`,
  );
});

test('an empty registry is an empty list', async () => {
  const { send } = open();
  assert.equal(
    (await send('GET', '/eureka/apps')).body,
    '{"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}}',
  );
});

for (const base of ['/eureka', '/eureka/v2', '/v2']) {
  test(`everything is there below ${base}, with and without a trailing slash`, async () => {
    const { send } = open();
    assert.equal((await send('POST', `${base}/apps/orders`, registration())).status, 204);
    const encoded = encodeURIComponent(id);
    const answers: readonly [HttpRequest['method'], string, number][] = [
      ['GET', 'apps', 200],
      ['GET', 'apps/', 200],
      ['GET', 'apps/delta', 200],
      ['GET', 'apps/ORDERS', 200],
      ['GET', 'apps/ORDERS/', 200],
      ['GET', 'apps/NOBODY', 404],
      ['GET', `apps/ORDERS/${id}`, 200],
      ['GET', `apps/ORDERS/${encoded}`, 200],
      ['GET', 'apps/ORDERS/nobody', 404],
      ['GET', `instances/${id}`, 200],
      ['GET', 'instances/nobody', 404],
      ['GET', 'vips/orders', 200],
      ['GET', 'svips/orders', 200],
      ['GET', 'vips/nobody', 200],
      ['GET', 'status', 200],
      ['GET', 'serverinfo/statusoverrides', 200],
      ['GET', 'nonsense', 404],
      ['PUT', `apps/ORDERS/${id}?status=UP&lastDirtyTimestamp=1700000000123`, 200],
      ['PUT', `apps/ORDERS/${id}?status=UP&lastDirtyTimestamp=1800000000000`, 404],
      ['PUT', `apps/ORDERS/${id}?lastDirtyTimestamp=soon`, 400],
      ['PUT', 'apps/ORDERS/nobody', 404],
      ['PUT', `apps/ORDERS/${id}/status?value=OUT_OF_SERVICE`, 200],
      ['PUT', `apps/ORDERS/${id}/status?value=SLEEPY`, 400],
      ['PUT', `apps/ORDERS/${id}/status`, 400],
      ['PUT', 'apps/ORDERS/nobody/status?value=UP', 404],
      ['DELETE', `apps/ORDERS/${id}/status?value=UP`, 200],
      ['DELETE', 'apps/ORDERS/nobody/status', 404],
      ['PUT', `apps/ORDERS/${id}/metadata?a=1&a=2&b=3`, 200],
      ['PUT', 'apps/ORDERS/nobody/metadata?a=1', 404],
      ['PUT', `apps/ORDERS/${id}/nonsense`, 404],
      ['DELETE', 'apps/ORDERS/nobody', 404],
      ['DELETE', `apps/ORDERS/${id}/`, 200],
      ['DELETE', `apps/ORDERS/${id}`, 404],
      ['POST', 'apps', 404],
      ['DELETE', 'apps/ORDERS', 404],
      ['GET', 'apps/%ff', 404],
    ];
    for (const [method, path, status] of answers) {
      const answer = await send(method, `${base}/${path}`, method === 'PUT' ? {} : undefined);
      assert.equal(answer.status, status, `${method} ${path}`);
      if (method !== 'GET' && status !== 400) assert.equal(answer.body, undefined, `${method} ${path} has no body`);
    }
  });
}

test('an instance by its id and instances by their address are found without a look at the others', async () => {
  const { send, registry } = open();
  for (const app of ['ORDERS', 'BILLING']) {
    const identity = { ...orders, subject: app };
    const change = { app, instanceId: `${app}:1`, vipAddress: `${app.toLowerCase()},all` };
    assert.equal((await send('POST', `/eureka/apps/${app}`, registration(change), json, identity)).status, 204);
  }
  registry.all = () => assert.fail('it looked at all of them');
  assert.match(String((await send('GET', '/eureka/instances/BILLING:1')).body), /"app":"BILLING"/);
  const found = async (path: string) =>
    String((await send('GET', `/eureka/${path}`)).body).match(/(?<="name":")[A-Z]+(?=",")/g);
  assert.deepEqual(await found('vips/orders'), ['ORDERS']);
  assert.deepEqual(await found('vips/all'), ['ORDERS', 'BILLING']);
  assert.deepEqual(await found('svips/orders'), ['ORDERS', 'BILLING']);
  assert.equal(await found('vips/nobody'), null);
});

test('metadata are merged, the first value of a key counts', async () => {
  const { send, registry } = open();
  await send('POST', '/eureka/apps/ORDERS', registration());
  await send('PUT', `/eureka/apps/ORDERS/${id}/metadata?a=1&a=2&b=3`);
  assert.deepEqual(registry.get('ORDERS', id)?.info.metadata, { 'management.port': '8081', a: '1', b: '3' });
});

test('a delta holds the changes and the hash of the whole registry, and counts up', async () => {
  const { send } = open();
  await send('POST', '/eureka/apps/ORDERS', registration());
  await send('POST', '/eureka/apps/ORDERS', registration({ instanceId: 'b' }));
  await send('DELETE', '/eureka/apps/ORDERS/b');
  const read = async () => JSON.parse(String((await send('GET', '/eureka/apps/delta')).body)).applications;
  const first = await read();
  assert.equal(first.apps__hashcode, 'UP_1_');
  assert.deepEqual(
    first.application[0].instance.map((each: { actionType: string }) => each.actionType),
    ['ADDED', 'DELETED'],
  );
  await send('PUT', `/eureka/apps/ORDERS/${id}/status?value=DOWN`);
  assert.equal(Number((await read()).versions__delta), Number(first.versions__delta) + 1);
});

test('XML for whoever does not ask for JSON, escaped', async () => {
  const { send } = open();
  const metadata = { a_b: '<&"\u0000>', 'not a name': 'x' };
  await send('POST', '/eureka/apps/ORDERS', registration({ metadata }));
  for (const headers of [{}, { accept: '*/*' }, { accept: 'text/html' }]) {
    const answer = await send('GET', '/eureka/apps', undefined, headers as Record<string, string>);
    assert.equal(answer.headers?.['content-type'], 'application/xml');
    const text = String(answer.body);
    assert.match(
      text,
      /^<applications><versions__delta>1<\/versions__delta><apps__hashcode>UP_1_<\/apps__hashcode><application><name>ORDERS<\/name><instance>/,
    );
    assert.match(text, /<port enabled="true">8080<\/port><securePort enabled="false">443<\/securePort>/);
    assert.match(text, /<metadata><a__b>&lt;&amp;&quot;&gt;<\/a__b><\/metadata>/);
    assert.match(text, /<overriddenstatus>UNKNOWN<\/overriddenstatus>/);
  }
});

test('the big answers are gzipped where asked, the compact form leaves out what it should', async () => {
  const { send } = open();
  await send('POST', '/eureka/apps/ORDERS', registration());
  const plain = await send('GET', '/eureka/apps');
  const zipped = await send('GET', '/eureka/apps', undefined, { ...json, 'accept-encoding': 'gzip, deflate' });
  assert.equal(zipped.headers?.['content-encoding'], 'gzip');
  assert.equal(gunzipSync(zipped.body as Uint8Array).toString(), plain.body);
  const compact = await send('GET', '/eureka/apps', undefined, { ...json, 'x-eureka-accept': 'compact' });
  const [instance] = JSON.parse(String(compact.body)).applications.application[0].instance;
  assert.deepEqual(Object.keys(instance), [
    'instanceId',
    'hostName',
    'app',
    'ipAddr',
    'status',
    'port',
    'securePort',
    'dataCenterInfo',
    'vipAddress',
    'secureVipAddress',
    'lastUpdatedTimestamp',
    'actionType',
  ]);
  assert.equal(typeof instance.lastUpdatedTimestamp, 'number');
});

test('the compact form leaves out in XML what it leaves out in JSON, also of Amazon’s metadata', async () => {
  const { send } = open();
  const metadata = { 'instance-id': 'i-1', 'ami-id': 'ami-1', 'local-ipv4': '10.0.0.7' };
  const dataCenterInfo = { '@class': 'com.netflix.appinfo.AmazonInfo', name: 'Amazon', metadata };
  await send('POST', '/eureka/apps/ORDERS', registration({ dataCenterInfo }));
  const compact = { 'x-eureka-accept': 'compact' };
  for (const path of ['apps', 'apps/delta', 'apps/ORDERS', 'vips/orders']) {
    const inXml = String((await send('GET', `/eureka/${path}`, undefined, compact)).body);
    const [instance = ''] = /<instance>.*<\/instance>/.exec(inXml) ?? [];
    const inJson = String((await send('GET', `/eureka/${path}`, undefined, { ...json, ...compact })).body);
    const [, fields = ''] = /"instance":\[(.*?\})\]/.exec(inJson) ?? [];
    const names = [...instance.matchAll(/<([a-zA-Z]+)[ >]/g)]
      .map(([, name]) => name)
      .filter((name) => name !== 'instance');
    const expected = Object.keys(JSON.parse(fields)).toSpliced(8, 0, 'name', 'metadata');
    assert.deepEqual(names.slice(0, 10), expected.slice(0, 10), path);
    assert.doesNotMatch(instance, /leaseInfo|homePageUrl|countryId|lastDirtyTimestamp|ami-id/, path);
    assert.match(
      instance,
      /<metadata><instance-id>i-1<\/instance-id><local-ipv4>10.0.0.7<\/local-ipv4><\/metadata>/,
      path,
    );
  }
  assert.match(String((await send('GET', '/eureka/apps', undefined, {})).body), /<ami-id>.*<leaseInfo>/);
});

test('the status has Eureka’s figures, as texts', async () => {
  const { send, clock } = open();
  await clock.advance((26 * 60 + 3) * 60_000);
  clock.jump(3_600_000);
  const { generalStats, applicationStats } = JSON.parse(String((await send('GET', '/eureka/status')).body));
  assert.equal(generalStats['server-uptime'], '1 day 02:03', 'however wall time jumps');
  assert.match(generalStats['num-of-cpus'], /^\d+$/);
  const { 'total-avail-memory': total, 'current-memory-usage': used } = generalStats;
  assert.match(`${total}, ${used}`, /^\d+mb, \d+mb \(\d+%\)$/);
  assert.equal(
    Object.values(applicationStats).join(' '),
    'http://peer-2:8761,http://peer-3:8761 http://peer-2:8761 http://peer-3:8761',
  );
});

test('an answer that is kept is not a day behind: a change ends it at once', async () => {
  const { send } = open();
  await send('GET', '/eureka/apps');
  await send('POST', '/eureka/apps/ORDERS', registration());
  assert.match(String((await send('GET', '/eureka/apps')).body), /UP_1_/);
});

test('bad registrations get Eureka’s words, in JSON and in XML', async () => {
  const { send } = open();
  assert.deepEqual(await send('POST', '/eureka/apps/ORDERS', registration({ hostName: null })), {
    status: 400,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: 'Missing hostname',
  });
  assert.equal((await send('POST', '/eureka/apps/ORDERS', '{')).status, 400);
  const xml = (body: string) => send('POST', '/eureka/apps/ORDERS', body, { 'content-type': 'application/xml' });
  assert.deepEqual([(await xml('<instance/>')).status, (await xml('<instance/>')).body], [400, 'Missing instanceId']);
  for (const body of ['<a/>', '<instance>', '<!DOCTYPE a [<!ENTITY b "c">]><instance/>'])
    assert.match(String((await xml(body)).body), /cannot parse request body/);
});

test('a registration in XML is the same instance as its JSON, also after it was read as XML', async () => {
  const { send, registry } = open();
  const metadata = { 'management.port': '8081', with_underscore: 'a < b & "c"', $dollar: '두레' };
  await send('POST', '/eureka/apps/ORDERS', registration({ metadata }));
  const first = registry.get('ORDERS', id);
  const xml = String((await send('GET', `/eureka/apps/ORDERS/${id}`, undefined, { accept: 'application/xml' })).body);
  await send('DELETE', `/eureka/apps/ORDERS/${id}`);
  const answer = await send('POST', '/eureka/apps/ORDERS', xml, { 'content-type': 'application/xml;charset=UTF-8' });
  assert.equal(answer.status, 204);
  assert.deepEqual(registry.get('ORDERS', id)?.info, first?.info);
});

test('XML’s defaults are Eureka’s: a port is enabled and a secure port is not, unless they say so', async () => {
  const { send, registry } = open();
  const body = `<?xml version="1.0"?><instance><hostName>h</hostName><app>orders</app><ipAddr>1.2.3.4</ipAddr>
    <port>8080</port><securePort>8443</securePort><status>UP</status>
    <dataCenterInfo class="com.netflix.appinfo.AmazonInfo"><name>Amazon</name>
      <metadata><instance-id>i-1</instance-id></metadata></dataCenterInfo>
    <leaseInfo><durationInSecs>20</durationInSecs></leaseInfo></instance>`;
  assert.equal((await send('POST', '/eureka/apps/ORDERS', body, { 'content-type': 'text/xml' })).status, 204);
  const info = registry.get('ORDERS', 'i-1')?.info;
  assert.deepEqual(info?.port, { number: 8080, enabled: true });
  assert.deepEqual(info?.securePort, { number: 8443, enabled: false });
  assert.equal(info?.durationInSecs, 20);
  assert.deepEqual(info?.dataCenter, { name: 'Amazon', metadata: { 'instance-id': 'i-1' } });
});

test('regions are taken and answered with what is here; auto-scaling groups are refused', async () => {
  const { send } = open();
  await send('POST', '/eureka/apps/ORDERS', registration());
  assert.match(String((await send('GET', '/eureka/apps/?regions=us-west-2,eu-west-1')).body), /UP_1_/);
  assert.match(String((await send('GET', '/eureka/apps/delta?regions=us-west-2')).body), /UP_1_/);
  assert.equal((await send('PUT', '/eureka/asg/orders-v001/status?value=ENABLED')).status, 400);
});

test('peers are told what clients do, and nothing that peers did', async () => {
  const { send, told } = open();
  const asPeer = { ...json, 'x-netflix-discovery-replication': 'true' };
  for (const headers of [json, asPeer]) {
    await send('POST', '/eureka/apps/ORDERS', registration(), headers);
    await send('PUT', `/eureka/apps/ORDERS/${id}?status=UP`, undefined, headers);
    await send('PUT', `/eureka/apps/ORDERS/${id}/status?value=OUT_OF_SERVICE`, undefined, headers);
    await send('DELETE', `/eureka/apps/ORDERS/${id}/status?value=UP`, undefined, headers);
    await send('PUT', `/eureka/apps/ORDERS/${id}/metadata?a=b`, undefined, headers);
    await send('DELETE', `/eureka/apps/ORDERS/${id}`, undefined, headers);
  }
  const actions = ['Register', 'Heartbeat', 'StatusUpdate', 'DeleteStatusOverride', 'Register', 'Cancel'];
  assert.deepEqual(
    told,
    actions.map((action) => `${action} ${id}`),
  );
});

test('a peer’s renewal of an older copy is answered 409 with the newer one, of a newer copy 404', async () => {
  const { send } = open();
  const asPeer = { ...json, 'x-netflix-discovery-replication': 'true' };
  await send('POST', '/eureka/apps/ORDERS', registration());
  const renew = (dirty: number) =>
    send('PUT', `/eureka/apps/ORDERS/${id}?status=UP&lastDirtyTimestamp=${dirty}`, undefined, asPeer);
  const older = await renew(1_700_000_000_000);
  assert.equal(older.status, 409);
  assert.equal(JSON.parse(String(older.body)).instance.instanceId, id);
  assert.equal((await renew(1_700_000_000_123)).status, 200);
  assert.equal((await renew(1_700_000_000_999)).status, 404);
});

test('nobody changes another application’s registrations, and a full registry says so', async () => {
  const { send } = open();
  await send('POST', '/eureka/apps/ORDERS', registration());
  const thief: Identity = { ...orders, subject: 'thief' };
  for (const [method, path] of [
    ['POST', 'ORDERS'],
    ['PUT', `ORDERS/${id}`],
    ['PUT', `ORDERS/${id}/status?value=DOWN`],
    ['PUT', `ORDERS/${id}/metadata?a=b`],
    ['DELETE', `ORDERS/${id}`],
  ] as const) {
    await assert.rejects(send(method, `/eureka/apps/${path}`, registration(), json, thief), (error) => {
      return codeOf(error) === 'REGISTRY_NOT_YOURS';
    });
  }
  for (let index = 0; index < 9; index += 1) {
    await send('POST', '/eureka/apps/ORDERS', registration({ instanceId: `i${index}` }));
  }
  await assert.rejects(send('POST', '/eureka/apps/ORDERS', registration({ instanceId: 'more' })), (error) => {
    return codeOf(error) === 'REGISTRY_FULL';
  });
});
