import { at, get, lines, post, send } from '../bad-request.ts';

const line = { sku: 'tea-green', quantity: 1 };
const address = { recipient: 'Kim', street: 'Sejong-daero 110', city: 'Seoul', postcode: '04524' };
const wish = { lines: [line], payment: { method: 'card' }, address };
const nobodysOrder = '/orders/0193d8c0-0000-7000-8000-000000000000';
const keyed = { from: 'customer', fields: { 'idempotency-key': 'bad-input' } } as const;
const admin = { from: 'admin', fields: { 'idempotency-key': 'bad-input' } } as const;
const place = (body: unknown) => post('/orders', body, keyed);
const typed = (type: string, body: string) => send('POST', '/orders', { ...keyed, type, body });
const product = {
  sku: 'tea-new',
  name: { en: 'Tea', ko: '차' },
  description: { en: 'Tea', ko: '차' },
  price: { amount: 1, currency: 'KRW' },
  picture: '🍵',
};
const account = { email: 'lee@example.com', password: 'correct horse battery', name: 'Lee' };

const invalid = 'SERVICE_INPUT_INVALID';

/** What a contract refuses, as customers hear it through the gateway. */
export const contractInput = at('gateway', [
  ['no lines', place({ ...wish, lines: [] }), 400, invalid, /body\.lines/],
  ['lines that are no list', place({ ...wish, lines: line }), 400, invalid, /body\.lines: .*array/],
  ['51 lines', place({ ...wish, lines: Array.from({ length: 51 }, () => line) }), 400, invalid, /body\.lines: .*50/],
  [
    'a quantity of nothing',
    place({ ...wish, lines: [{ ...line, quantity: 0 }] }),
    400,
    invalid,
    /body\.lines\.0\.quantity/,
  ],
  ['a broken quantity', place({ ...wish, lines: [{ ...line, quantity: 1.5 }] }), 400, invalid, /lines\.0\.quantity/],
  ['a quantity as text', place({ ...wish, lines: [{ ...line, quantity: '1' }] }), 400, invalid, /lines\.0\.quantity/],
  [
    'a quantity beyond all',
    place({ ...wish, lines: [{ ...line, quantity: 1e300 }] }),
    400,
    invalid,
    /lines\.0\.quantity/,
  ],
  ['a line without a product', place({ ...wish, lines: [{ quantity: 1 }] }), 400, invalid, /body\.lines\.0\.sku/],
  ['no address', place({ ...wish, address: undefined }), 400, invalid, /body\.address/],
  ['an address of blanks', place({ ...wish, address: { ...address, city: ' ' } }), 400, invalid, /body\.address\.city/],
  ['an unknown way to pay', place({ ...wish, payment: { method: 'cowries' } }), 400, invalid, /payment\.method/],
  ['everything wrong', place({}), 400, invalid, /body\.lines.*; body\.payment.*; body\.address/],
  ['null', place('null'), 400, invalid, /body/],
  ['a list', place('[]'), 400, invalid, /body/],
  ['an unknown product', place({ ...wish, lines: [{ ...line, sku: 'no-such-thing' }] }), 422, 'UnknownProduct', /^$/],
  [
    'no Idempotency-Key',
    post('/orders', wish, { from: 'customer' }),
    400,
    'SERVICE_IDEMPOTENCY_KEY_MISSING',
    /Idempotency-Key/,
  ],
  [
    'an Idempotency-Key of 300 characters',
    post('/orders', wish, { from: 'customer', fields: { 'idempotency-key': 'k'.repeat(300) } }),
    400,
    'SERVICE_IDEMPOTENCY_KEY_MISSING',
    /200 characters/,
  ],
  [
    'two Idempotency-Keys',
    lines(['POST /orders HTTP/1.1', 'Host: HOST', 'Idempotency-Key: a', 'Idempotency-Key: b', 'Content-Length: 0']),
    400,
    'GATEWAY_MALFORMED',
    /there twice/,
  ],
  ['half a body', place('{"lines":['), 400, 'SERVICE_BODY_MALFORMED', /not one JSON value/],
  ['two values', place('{}{}'), 400, 'SERVICE_BODY_MALFORMED', /not one JSON value/],
  ['an empty body', place(''), 400, 'SERVICE_BODY_MALFORMED', /not one JSON value/],
  [
    'a prototype in the body',
    place('{"__proto__":{"admin":true}}'),
    400,
    'SERVICE_BODY_MALFORMED',
    /not one JSON value/,
  ],
  [
    'bytes that are no UTF-8',
    send('POST', '/orders', { ...keyed, body: Uint8Array.of(0x7b, 0xff, 0x7d) }),
    400,
    'SERVICE_BODY_MALFORMED',
    /JSON/,
  ],
  ['XML', typed('application/xml', '<order/>'), 415, 'SERVICE_MEDIA_TYPE', /application\/json/],
  ['a form', typed('application/x-www-form-urlencoded', 'sku=tea'), 415, 'SERVICE_MEDIA_TYPE', /application\/json/],
  ['a media type that is none', typed('json', '{}'), 415, 'SERVICE_MEDIA_TYPE', /application\/json/],
  [
    'no media type',
    lines(['POST /sessions HTTP/1.1', 'Host: HOST', 'Connection: close', 'Content-Length: 2'], '{}'),
    415,
    'SERVICE_MEDIA_TYPE',
    /application\/json/,
  ],
  ['an order id that is none', get('/orders/7', { from: 'customer' }), 400, invalid, /params\.orderId/],
  ['nobody’s order', get(nobodysOrder, { from: 'customer' }), 404, 'UnknownOrder', /^$/],
  ['nobody’s order, live', get(`${nobodysOrder}/events`, { from: 'customer' }), 404, 'UnknownOrder', /^$/],
  [
    'nobody’s order, as a page',
    get(nobodysOrder.replace('/orders', '/order-pages'), { from: 'customer' }),
    404,
    'UnknownOrder',
    /^$/,
  ],
  ['a product code that is none', get('/products/Tea!'), 400, invalid, /params\.sku/],
  ['SQL as a product code', get("/products/a'%20or%20'1'='1"), 400, invalid, /params\.sku/],
  [
    'SQL with a semicolon as a product code',
    get("/products/a'%3Bdrop%20table%20product--"),
    400,
    'GATEWAY_TARGET_INVALID',
    /target/,
  ],
  ['an unknown product code', get('/products/no-such-tea'), 404, 'UnknownProduct', /^$/],
  ['a stock-keeping unit of 50 letters', get(`/stock/${'a'.repeat(50)}`), 400, invalid, /params\.sku: .*40/],
  ['the stock of an unknown product', get('/stock/no-such-tea'), 404, 'UnknownSku', /^$/],
  ['no list of products', get('/stock'), 400, invalid, /query\.skus/],
  ['a page of nothing', get('/products?limit=0'), 400, invalid, /query\.limit/],
  ['a page beyond the limit', get('/products?limit=51'), 400, invalid, /query\.limit: .*50/],
  ['a limit that is no number', get('/products?limit=ten'), 400, invalid, /query\.limit/],
  ['two limits', get('/products?limit=1&limit=2'), 400, invalid, /query\.limit/],
  ['a page after nobody’s order', get('/orders?after=7', { from: 'customer' }), 400, invalid, /query\.after/],
  [
    'a price below nothing',
    post('/products', { ...product, price: { amount: -1, currency: 'KRW' } }, admin),
    400,
    invalid,
    /body\.price\.amount/,
  ],
  [
    'another currency',
    post('/products', { ...product, price: { amount: 1, currency: 'USD' } }, admin),
    400,
    invalid,
    /body\.price\.currency/,
  ],
  ['a product that is there', post('/products', { ...product, sku: 'tea-green' }, admin), 409, 'SkuTaken', /^$/],
  [
    'the price of an unknown product',
    send('PUT', '/products/no-such-tea/price', { from: 'admin', body: product.price }),
    404,
    'UnknownProduct',
    /^$/,
  ],
  ['a supply of nothing', post('/stock/tea-green/supplies', { quantity: 0 }, admin), 400, invalid, /body\.quantity/],
  [
    'a supply of an unknown product',
    post('/stock/no-such-tea/supplies', { quantity: 1 }, admin),
    404,
    'UnknownSku',
    /^$/,
  ],
  ['no email', post('/users', { ...account, email: 'lee' }), 400, invalid, /body\.email/],
  [
    'a short password, which is not repeated',
    post('/users', { ...account, password: 'hunter2' }),
    400,
    invalid,
    /body\.password: does not fit/,
  ],
  ['a NUL in a name', post('/users', { ...account, name: 'a\0b' }), 400, 'POSTGRES_DATA_UNSTORABLE', /./],
  ['an email that is taken', post('/users', { ...account, email: 'kim@example.com' }), 409, 'EmailTaken', /^$/],
]);

const gone = '/payments/0193d8c0-0000-7000-8000-000000000000';

/** A service's own port, where its fellow services call. */
export const servicePort = at('order', [
  [
    'nobody',
    get('/orders'),
    401,
    'SERVICE_TOKEN_MISSING',
    /order\.listOrders needs a token/,
    { 'www-authenticate': /^Bearer$/ },
  ],
  ['a service on its own account', get('/orders', { from: 'inventory' }), 403, 'SERVICE_FORBIDDEN', /for users/],
  [
    'a token for another service',
    get('/orders', { from: 'order, for somebody else' }),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
  ],
  ['a token of a minute ago', get('/orders', { from: 'order, a minute ago' }), 401, 'SERVICE_TOKEN_INVALID', /./],
  [
    'a token by an unknown key',
    get('/orders', { from: 'a service that nobody knows' }),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
  ],
  [
    'a token by another service’s key',
    get('/orders', { from: 'order, by the key of product' }),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
  ],
  ['a token without a signature', get('/orders', { from: 'order, unsigned' }), 401, 'SERVICE_TOKEN_INVALID', /./],
  ['an unknown path', get(gone, { from: 'order' }), 404, 'SERVICE_NOT_FOUND', /nothing at this path/],
  ['a path that cannot be decoded', get('/orders/%zz', { from: 'customer' }), 404, 'SERVICE_NOT_FOUND', /nothing/],
  [
    'a method without an operation',
    send('DELETE', '/orders', { from: 'order' }),
    405,
    'SERVICE_METHOD_NOT_ALLOWED',
    /takes GET, POST/,
    { allow: /^GET, POST$/ },
  ],
  [
    'a body of 2 MiB',
    post('/orders', `"${'a'.repeat(2 ** 21)}"`, { from: 'customer' }),
    413,
    'SERVICE_BODY_TOO_LARGE',
    /1048576 bytes/,
  ],
  ['garbage', lines(['HELLO']), 400, 'SERVICE_MALFORMED', /not well-formed/],
  [
    'header fields of 20 KiB',
    get('/orders', { fields: { 'x-a': 'a'.repeat(20_000) } }),
    431,
    'SERVICE_MALFORMED',
    /header block is too large/,
  ],
]);
