import { at, get, post, send } from '../bad-request.ts';

const from = 'inventory' as const;
const unknownSaga = '/actuator/sagas/0193d8c0-0000-7000-8000-000000000000';

/** The management port of a service. */
export const managementRows = at('order management', [
  [
    'nobody',
    get('/actuator/metrics'),
    401,
    'SERVICE_TOKEN_MISSING',
    /but for health/,
    { 'www-authenticate': /Bearer/ },
  ],
  ['a customer', get('/actuator/metrics', { from: 'customer' }), 403, 'SERVICE_FORBIDDEN', /for services/],
  ['an administrator', get('/actuator/refresh', { from: 'admin' }), 403, 'SERVICE_FORBIDDEN', /for services/],
  [
    'a bad token at the health',
    get('/actuator/health', { fields: { authorization: 'Bearer x' } }),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
  ],
  [
    'a token for another service',
    get('/actuator/metrics', { from: 'order, for somebody else' }),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
  ],
  [
    'a part of the health, for nobody',
    get('/actuator/health/database'),
    404,
    'SERVICE_NOT_FOUND',
    /no actuator endpoint/,
  ],
  [
    'an unknown part of the health',
    get('/actuator/health/nothing', { from }),
    404,
    'SERVICE_NOT_FOUND',
    /no actuator endpoint/,
  ],
  ['an unknown endpoint', get('/actuator/heapdump', { from }), 404, 'SERVICE_NOT_FOUND', /no actuator endpoint/],
  ['an endpoint named as a prototype', get('/actuator/__proto__', { from }), 404, 'SERVICE_NOT_FOUND', /no actuator/],
  ['another path', get('/orders', { from }), 404, 'SERVICE_NOT_FOUND', /\/actuator only/],
  ['a path that cannot be decoded', get('/actuator/%zz', { from }), 404, 'SERVICE_NOT_FOUND', /no actuator endpoint/],
  [
    'PUT',
    send('PUT', '/actuator/metrics', { from }),
    405,
    'SERVICE_METHOD_NOT_ALLOWED',
    /GET, POST and DELETE/,
    { allow: /^GET, POST, DELETE$/ },
  ],
  ['an unknown metric', get('/actuator/metrics/nothing', { from }), 404, 'SERVICE_NOT_FOUND', /actuator/],
  [
    'a read of what is written',
    get('/actuator/refresh', { from }),
    405,
    'SERVICE_METHOD_NOT_ALLOWED',
    /POST/,
    { allow: /^POST$/ },
  ],
  [
    'a write of what is read',
    post('/actuator/retries', {}, { from }),
    405,
    'SERVICE_METHOD_NOT_ALLOWED',
    /GET/,
    { allow: /^GET$/ },
  ],
  [
    'an unknown breaker',
    post('/actuator/circuitbreakers/nothing', { updateState: 'CLOSE' }, { from }),
    404,
    'SERVICE_NOT_FOUND',
    /actuator/,
  ],
  ['half a body', post('/actuator/refresh', '{', { from }), 400, 'SERVICE_BODY_MALFORMED', /not one JSON value/],
  [
    'a body of 2 MiB',
    post('/actuator/refresh', `"${'a'.repeat(2 ** 21)}"`, { from }),
    413,
    'SERVICE_BODY_TOO_LARGE',
    /1048576/,
  ],
  [
    'a list of sagas in an unknown state',
    get('/actuator/sagas?state=sleepy', { from }),
    400,
    'SERVICE_INPUT_INVALID',
    /"sleepy" is no state; there are running, /,
  ],
  ['an unknown saga', get(unknownSaga, { from }), 404, 'SAGA_NOT_FOUND', /./],
  ['a saga id that is none', get('/actuator/sagas/7', { from }), 404, 'SAGA_NOT_FOUND', /./],
  [
    'an unknown saga, to be taken up',
    post(unknownSaga, { by: 'kim', why: 'test' }, { from }),
    404,
    'SAGA_NOT_FOUND',
    /./,
  ],
  [
    'a saga taken up by nobody',
    post(unknownSaga, { why: 'test' }, { from }),
    400,
    'SERVICE_INPUT_INVALID',
    /who asks and why/,
  ],
  [
    'a saga taken up without a reason',
    post(unknownSaga, { by: 'kim', why: '' }, { from }),
    400,
    'SERVICE_INPUT_INVALID',
    /who asks and why/,
  ],
  [
    'the end of a saga',
    send('DELETE', unknownSaga, { from }),
    405,
    'SERVICE_METHOD_NOT_ALLOWED',
    /GET, POST/,
    { allow: /^GET, POST$/ },
  ],
  ['garbage', get('/actuator health'), 400, 'SERVICE_MALFORMED', /not well-formed/],
]);

/** Those of the platform's servers. */
export const platformManagementRows = [
  ...at('gateway management', [
    [
      'what is a property of all objects',
      get('/actuator/gateway/constructor', { from }),
      404,
      'SERVICE_NOT_FOUND',
      /actuator/,
    ],
    [
      'what is a method of all objects',
      get('/actuator/gateway/__defineGetter__', { from }),
      404,
      'SERVICE_NOT_FOUND',
      /actuator/,
    ],
    [
      'one of what is a method of all objects',
      get('/actuator/gateway/toString/x', { from }),
      404,
      'SERVICE_NOT_FOUND',
      /actuator/,
    ],
    ['an unknown request', get('/actuator/gateway/requests/nothing', { from }), 404, 'SERVICE_NOT_FOUND', /actuator/],
    ['an unknown route', get('/actuator/gateway/routes/nothing', { from }), 404, 'SERVICE_NOT_FOUND', /actuator/],
    [
      'a new route',
      post('/actuator/gateway/routes/evil', { uri: 'http://evil.example' }, { from }),
      405,
      'SERVICE_METHOD_NOT_ALLOWED',
      /GET/,
      { allow: /^GET$/ },
    ],
  ]),
  ...at('console management', [
    ['a token for nobody', post('/actuator/console/token', undefined), 401, 'SERVICE_TOKEN_MISSING', /but for health/],
    [
      'a token by GET',
      get('/actuator/console/token', { from }),
      405,
      'SERVICE_METHOD_NOT_ALLOWED',
      /POST/,
      { allow: /^POST$/ },
    ],
    [
      'an unknown part of the console',
      post('/actuator/console/nothing', undefined, { from }),
      404,
      'SERVICE_NOT_FOUND',
      /actuator/,
    ],
  ]),
];

const feed = (query: string, sender: 'inventory' | 'order' = 'inventory') =>
  get(`/.dure/feed?${query}`, { from: sender });

/** The log of a service, which others follow. */
export const feedRows = at('order', [
  ['a feed for nobody', get('/.dure/feed?as=inventory'), 401, 'SERVICE_TOKEN_MISSING', /needs a token/],
  [
    'a feed for a customer',
    get('/.dure/feed?as=inventory', { from: 'customer' }),
    403,
    'SERVICE_FORBIDDEN',
    /services only/,
  ],
  ['somebody else’s feed', feed('as=payment'), 403, 'MESSAGING_FEED_FORBIDDEN', /its own feed only/],
  ['a feed of nobody', feed('after=0'), 403, 'MESSAGING_FEED_FORBIDDEN', /its own feed only/],
  ['a feed without a grant', feed('as=order', 'order'), 403, 'MESSAGING_FEED_FORBIDDEN', /may read nothing/],
  [
    'a feed from nowhere',
    feed('as=inventory&after=x'),
    400,
    'MESSAGING_FEED_QUERY',
    /"after" is "x", expected a whole number/,
  ],
  ['a feed from before the start', feed('as=inventory&after=-1'), 400, 'MESSAGING_FEED_QUERY', /"after"/],
  ['a feed from beyond numbers', feed('as=inventory&after=9999999999999999'), 400, 'MESSAGING_FEED_QUERY', /"after"/],
  [
    'a feed that waits too long',
    feed('as=inventory&wait=26'),
    400,
    'MESSAGING_FEED_QUERY',
    /"wait" is "26", .* 0 to 25/,
  ],
  [
    'a feed from beyond the end',
    feed('as=inventory&after=999999999'),
    409,
    'MESSAGING_FEED_AHEAD',
    /the log ends at \d+/,
  ],
  [
    'a write to a feed',
    post('/.dure/feed?as=inventory', {}, { from }),
    405,
    'SERVICE_METHOD_NOT_ALLOWED',
    /takes GET/,
    { allow: /^GET$/ },
  ],
]);
