import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeOf, seededRandom } from '@dure/core';
import { fakeClock } from '@dure/core/testing';
import { silentTelemetry } from '@dure/telemetry';
import type { Answer, Packet, RecordClass, RecordType } from 'dns-packet';
import { decode, encode, RECURSION_DESIRED } from 'dns-packet';
import fc from 'fast-check';
import { decodeInstance } from '../decode-instance.ts';
import { InstanceRegistry } from '../instance-registry.ts';
import { registryService } from '../registry-service.ts';
import { dnsResponder } from './open-dns.ts';

function open({ seed = 1, host = '127.0.0.1' } = {}) {
  const clock = fakeClock();
  const random = seededRandom(seed);
  const registry = new InstanceRegistry({
    clock,
    random,
    lease: 'exact',
    selfPreservation: false,
    maxInstances: 1_000,
    evictionIntervalMs: 60_000,
    changed: () => undefined,
  });
  const put = (app: string, instanceId: string, more: Readonly<Record<string, unknown>> = {}) => {
    const instance = {
      instanceId,
      hostName: '192.0.2.1',
      ipAddr: '198.51.100.1',
      app,
      port: { $: 80, '@enabled': 'true' },
      dataCenterInfo: { name: 'MyOwn' },
      ...more,
    };
    const decoded = decodeInstance(instance, app, clock);
    assert.ok(decoded.ok);
    registry.register(decoded.info);
  };
  const respond = dnsResponder({ registry, random, zone: 'dure.internal', ttlS: 1, host }, silentTelemetry());
  const ask = (
    name: string,
    type: RecordType | 'ANY',
    more: Partial<Packet> = {},
    transport: 'udp' | 'tcp' = 'tcp',
  ) => {
    const questions = [{ name, type: type as RecordType }];
    const answer = respond(encode({ id: 7, type: 'query', flags: RECURSION_DESIRED, questions, ...more }), transport);
    return told(answer ?? assert.fail('no answer'));
  };
  return { registry, put, respond, ask };
}

/** An answer as lines of text, its instances' labels replaced by `*`. */
function told(bytes: Buffer) {
  const packet = decode(bytes) as ReturnType<typeof decode> & { readonly rcode: string };
  const { rcode, answers = [], authorities = [], additionals = [] } = packet;
  const lines = (records: readonly Answer[]) => records.map(line).sort();
  const [own, glue] = [lines(answers), lines(additionals)];
  return { packet, bytes, rcode, answers: own, authorities: lines(authorities), additionals: glue };
}

function line(record: Answer): string {
  const name = record.name.replace(/^[0-9a-f]{12}\./, '*.');
  if (record.type === 'SRV') {
    const { priority, weight, port, target } = record.data;
    return `${name} SRV ${priority} ${weight} ${port} ${target.replace(/^[0-9a-f]{12}\./, '*.')}`;
  }
  if (record.type === 'SOA') return `${name} SOA ${record.data.mname} ${record.data.rname} ${record.data.minimum}`;
  return `${name} ${record.type}${record.type === 'OPT' ? '' : ` ${record.data}`}`;
}

function shop() {
  const opened = open();
  opened.put('ORDER', 'a', { port: { $: 8081, '@enabled': 'true' } });
  opened.put('ORDER', 'b', { hostName: 'b.example', metadata: { weight: '2.5' } });
  opened.put('ORDER', 'six', { hostName: '2001:db8::6', port: { $: 82, '@enabled': 'true' } });
  opened.put('ORDER', 'down', { hostName: '192.0.2.9', status: 'DOWN' });
  opened.put('ORDER', 'nowhere', { hostName: 'x.example', ipAddr: 'unknown' });
  opened.put('SICK', 's', { status: 'OUT_OF_SERVICE' });
  opened.put('STOCK.V2', 'v', { port: { $: 1, '@enabled': 'false' }, securePort: { $: 443, '@enabled': 'true' } });
  return opened;
}

const soa = ['dure.internal SOA dure.internal hostmaster.dure.internal 1'];
const srv = [
  'SRV 0 10 8081 *.order.dure.internal',
  'SRV 0 10 82 *.order.dure.internal',
  'SRV 0 25 80 *.order.dure.internal',
];
const glue = [
  '*.order.dure.internal A 192.0.2.1',
  '*.order.dure.internal A 198.51.100.1',
  '*.order.dure.internal AAAA 2001:db8::6',
];

for (const [name, type, rcode, answers, additionals = []] of [
  ['order.dure.internal', 'A', 'NOERROR', ['A 192.0.2.1', 'A 198.51.100.1']],
  ['OrDer.DURE.internal', 'A', 'NOERROR', ['A 192.0.2.1', 'A 198.51.100.1']],
  ['order.dure.internal', 'AAAA', 'NOERROR', ['AAAA 2001:db8::6']],
  ['order.dure.internal', 'SRV', 'NOERROR', srv, glue],
  ['_order._tcp.dure.internal', 'SRV', 'NOERROR', srv, glue],
  ['_order._tcp.dure.internal', 'A', 'NOERROR', []],
  ['order.dure.internal', 'ANY', 'NOERROR', ['A 192.0.2.1', 'A 198.51.100.1', 'AAAA 2001:db8::6', ...srv]],
  ['order.dure.internal', 'TXT', 'NOERROR', []],
  ['sick.dure.internal', 'A', 'NOERROR', []],
  [
    'stock.v2.dure.internal',
    'SRV',
    'NOERROR',
    ['SRV 0 10 443 *.stock.v2.dure.internal'],
    ['*.stock.v2.dure.internal A 192.0.2.1'],
  ],
  ['v2.dure.internal', 'A', 'NOERROR', []],
  ['_tcp.dure.internal', 'SRV', 'NOERROR', []],
  ['nobody.dure.internal', 'A', 'NXDOMAIN', []],
  ['_nobody._tcp.dure.internal', 'SRV', 'NXDOMAIN', []],
  ['_order._udp.dure.internal', 'SRV', 'NXDOMAIN', []],
  ['0123456789ab.order.dure.internal', 'A', 'NXDOMAIN', []],
  ['ſick.dure.internal', 'A', 'NXDOMAIN', []],
  ['dure.internal', 'A', 'NOERROR', ['A 127.0.0.1']],
  ['dure.internal', 'NS', 'NOERROR', ['NS dure.internal'], ['dure.internal A 127.0.0.1']],
  ['dure.internal', 'SOA', 'NOERROR', ['SOA dure.internal hostmaster.dure.internal 1']],
  ['dure.internal', 'MX', 'NOERROR', []],
] as const satisfies readonly (readonly [
  string,
  RecordType | 'ANY',
  string,
  readonly string[],
  (readonly string[])?,
])[]) {
  test(`${name} ${type} is ${answers.length > 0 ? answers.join(', ') : rcode === 'NOERROR' ? 'nothing' : rcode}`, () => {
    const answer = shop().ask(name, type);
    assert.equal(answer.rcode, rcode);
    assert.deepEqual(
      answer.answers,
      answers.map((rest) => `${name} ${rest}`),
    );
    assert.deepEqual(answer.additionals, additionals);
    assert.deepEqual(answer.authorities, answers.length > 0 ? [] : soa);
    const { id, flag_qr, flag_aa, flag_ra, flag_rd, flag_tc } = answer.packet;
    assert.deepEqual([id, flag_qr, flag_aa, flag_ra, flag_rd, flag_tc], [7, true, true, false, true, false]);
    for (const record of answer.packet.answers ?? []) assert.equal('ttl' in record && record.ttl, 1);
  });
}

test('what is not in the zone is refused, and so are copies of it and other classes', () => {
  const { ask } = shop();
  for (const name of ['example.com', '.', 'internal', 'xdure.internal', 'dure.internal.example'])
    assert.deepEqual([ask(name, 'A').rcode, ask(name, 'A').packet.flag_aa], ['REFUSED', false], name);
  assert.equal(ask('dure.internal', 'AXFR').rcode, 'REFUSED');
  const questions = [{ name: 'order.dure.internal', type: 'A', class: 'CH' as RecordClass } as const];
  assert.equal(ask('', 'A', { questions }).rcode, 'REFUSED');
});

test('the target of an SRV record has an address by itself as long as its instance is up', () => {
  const { ask, registry } = shop();
  const record = ask('order.dure.internal', 'SRV').packet.answers?.find(
    (one) => one.type === 'SRV' && one.data.port === 8081,
  );
  const target = record?.type === 'SRV' ? record.data.target : assert.fail();
  assert.deepEqual(ask(target, 'A').answers, ['*.order.dure.internal A 192.0.2.1']);
  assert.deepEqual([ask(target, 'AAAA').rcode, ask(target, 'AAAA').answers], ['NOERROR', []]);
  assert.deepEqual(ask(target.toUpperCase(), 'A').packet.answers?.length, 1);
  registry.cancel('ORDER', 'a');
  assert.equal(ask(target, 'A').rcode, 'NXDOMAIN');
});

test('an instance that is gone is in no answer, and the last one takes the name with it', () => {
  const { ask, put, registry } = open();
  put('ORDER', 'a');
  assert.equal(ask('order.dure.internal', 'A').answers.length, 1);
  registry.cancel('ORDER', 'a');
  assert.equal(ask('order.dure.internal', 'A').rcode, 'NXDOMAIN');
});

test('who takes the first address takes each as often, and an address that several share is told once', () => {
  const { ask, put } = open();
  for (const index of [1, 2, 3, 4]) put('ORDER', `i${index}`, { hostName: `127.0.0.${index}` });
  put('ORDER', 'again', { hostName: '127.0.0.4', port: { $: 81, '@enabled': 'true' } });
  const first = new Map<string, number>();
  for (let round = 0; round < 1_000; round += 1) {
    const { packet } = ask('order.dure.internal', 'A');
    assert.equal(packet.answers?.length, 4);
    const [head] = packet.answers ?? [];
    const address = head?.type === 'A' ? head.data : assert.fail();
    first.set(address, (first.get(address) ?? 0) + 1);
  }
  for (const index of [1, 2, 3]) assert.ok(Math.abs((first.get(`127.0.0.${index}`) ?? 0) - 200) < 60, `${[...first]}`);
});

test('a name server on every address has no address of its own', () => {
  assert.deepEqual(open({ host: '0.0.0.0' }).ask('dure.internal', 'A').answers, []);
  assert.deepEqual(open({ host: '::1' }).ask('dure.internal', 'AAAA').answers, ['dure.internal AAAA ::1']);
});

const edns = (udpPayloadSize: number, more = {}): Partial<Packet> => ({
  additionals: [
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize,
      extendedRcode: 0,
      ednsVersion: 0,
      flags: 0,
      flag_do: false,
      options: [],
      ...more,
    },
  ],
});

test('an answer over UDP is as long as the client takes, and says when it was cut', () => {
  const { ask, put } = open();
  for (let index = 0; index < 60; index += 1) put('ORDER', `i${index}`, { hostName: `127.0.1.${index}` });
  for (const [options, atMost, atLeast] of [
    [{}, 512, 450],
    [edns(100), 512, 450],
    [edns(900), 900, 800],
    [edns(65_535), 1_232, 1_100],
  ] as const) {
    const { bytes, packet } = ask('order.dure.internal', 'A', options, 'udp');
    assert.ok(bytes.length <= atMost && bytes.length >= atLeast, `${bytes.length}`);
    assert.ok(packet.flag_tc);
    assert.equal(packet.additionals?.some(({ type }) => type === 'OPT') === true, 'additionals' in options);
  }
  const whole = ask('order.dure.internal', 'SRV', {}, 'tcp');
  assert.deepEqual([whole.packet.flag_tc, whole.answers.length, whole.additionals.length], [false, 60, 60]);
});

test('only additional records missing is no cut, and more than TCP carries is', () => {
  const { ask, put, registry } = open();
  for (let index = 0; index < 5; index += 1) put('ORDER', `i${index}`);
  const few = ask('order.dure.internal', 'SRV', {}, 'udp');
  assert.deepEqual([few.packet.flag_tc, few.answers.length, few.additionals.length < 5], [false, 5, true]);
  for (let index = 0; registry.size < 1_000; index += 1) put('ORDER', `more${index}`);
  const many = ask('order.dure.internal', 'SRV');
  assert.ok(many.packet.flag_tc && many.bytes.length <= 65_535 && many.answers.length > 700);
});

test('EDNS is answered with EDNS; of a later version only that it is not known', () => {
  const { ask } = shop();
  const { packet } = ask('order.dure.internal', 'A', edns(1_400, { flags: 0x8000 }), 'udp');
  const options = packet.additionals?.find((record) => record.type === 'OPT');
  assert.deepEqual([options?.udpPayloadSize, options?.flag_do, options?.ednsVersion], [1_232, true, 0]);
  const later = ask('order.dure.internal', 'A', edns(1_232, { ednsVersion: 1 }), 'udp');
  const extended = later.packet.additionals?.find((record) => record.type === 'OPT')?.extendedRcode;
  assert.deepEqual([later.rcode, extended, later.answers], ['NOERROR', 1, []]);
});

const query = encode({
  id: 513,
  type: 'query',
  flags: RECURSION_DESIRED,
  questions: [{ name: 'order.dure.internal', type: 'SRV' }],
});
const changed = (change: (packet: Buffer) => void): Buffer => {
  const packet = Buffer.from(query);
  change(packet);
  return packet;
};

test('other operations are not implemented, garbage is a format error, and answers are not answered', () => {
  const { respond } = shop();
  const rcodeOf = (packet: Buffer) => {
    const answer = respond(packet, 'udp');
    return answer === undefined ? undefined : [told(answer).rcode, answer.readUInt16BE(0), answer.length];
  };
  const bit = (at: number, value: number) => changed((packet) => packet.writeUInt8(value, at));
  assert.equal(rcodeOf(bit(2, 0x81)), undefined);
  assert.equal(rcodeOf(query.subarray(0, 11)), undefined);
  for (const opcode of [1, 2, 4, 5, 15]) assert.deepEqual(rcodeOf(bit(2, opcode << 3)), ['NOTIMP', 513, 12]);
  const twice = encode({
    additionals: [...(edns(512).additionals ?? []), ...(edns(512).additionals ?? [])],
    questions: [{ name: 'x', type: 'A' }],
  });
  for (const [what, packet] of Object.entries({
    'no question': bit(5, 0),
    'two questions': bit(5, 2),
    'an answer in a question': bit(7, 1),
    'a question that ends early': query.subarray(0, 20),
    'a label too long': bit(12, 64),
    'a pointer to itself': bit(12, 0xc0),
    'a dot in a label': changed((packet) => packet.write('.', 14)),
    'bytes that are no text': bit(14, 0xff),
    'options twice': twice,
    'more than a query holds': Buffer.concat([query, Buffer.alloc(1_100)]),
  }))
    assert.equal(rcodeOf(packet)?.[0], 'FORMERR', what);
});

test('no packet of random bytes does any harm or gets a longer answer than it may', () => {
  const { respond, put } = shop();
  for (let index = 0; index < 60; index += 1) put('ORDER', `i${index}`, { hostName: `127.0.1.${index}` });
  const bytes = fc.uint8Array({ maxLength: 600 });
  const mutated = fc
    .tuple(
      fc.constantFrom(
        query,
        encode({ ...edns(4_096), questions: [{ name: '_order._tcp.dure.internal', type: 'SRV' }] }),
      ),
      fc.array(fc.tuple(fc.nat({ max: 80 }), fc.nat({ max: 255 })), { maxLength: 4 }),
      bytes,
    )
    .map(([whole, places, tail]) => {
      const packet = Buffer.concat([whole, tail.length < 300 ? tail : new Uint8Array()]);
      for (const [at, value] of places) if (at < packet.length) packet[at] = value;
      return packet;
    });
  const packets = fc.oneof(
    bytes,
    bytes.map((tail) => Buffer.concat([query.subarray(0, 12), tail])),
    mutated,
  );
  fc.assert(
    fc.property(packets, fc.constantFrom('udp', 'tcp'), (random, transport) => {
      const packet = Buffer.from(random);
      const answer = respond(packet, transport);
      if (answer === undefined) return packet.length < 12 || packet.readUInt8(2) >= 0x80;
      const { packet: read } = told(answer);
      const hasOptions = read.additionals?.some(({ type }) => type === 'OPT') === true;
      const atMost = transport === 'tcp' ? 65_535 : hasOptions ? 1_232 : 512;
      return answer.length <= atMost && read.flag_qr && !read.flag_ra && read.id === packet.readUInt16BE(0);
    }),
    { numRuns: 10_000 },
  );
});

test('a fault of ours is a server failure', () => {
  const broken = { version: 1, appNames: () => [], ofApp: () => assert.fail('broken') };
  const zone = { registry: broken, random: seededRandom(1), zone: 'dure.internal', ttlS: 1, host: '127.0.0.1' };
  const answer = dnsResponder(zone, silentTelemetry())(query, 'udp');
  assert.equal(told(answer ?? assert.fail()).rcode, 'SERVFAIL');
});

test('impossible options are refused by name, value and what was expected', () => {
  for (const [wrong, expected] of [
    [{ port: 65_536 }, /dns\.port is 65536; expected a whole number from 0 to 65535/],
    [{ port: 8_600, host: 'localhost' }, /dns\.host is localhost; expected an IP address/],
    [{ port: 8_600, zone: 'Dure.Internal.' }, /dns\.zone is Dure\.Internal\.; expected a domain in lower case/],
    [{ port: 8_600, ttlS: 0.5 }, /dns\.ttlS is 0\.5/],
  ] as const) {
    assert.throws(
      () => registryService({ dns: wrong }),
      (error) => codeOf(error) === 'REGISTRY_OPTION_INVALID' && expected.test(String(error)),
    );
  }
});
