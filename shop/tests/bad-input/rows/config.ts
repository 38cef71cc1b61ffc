import { at, get, post, send } from '../bad-request.ts';

const from = 'order' as const;
const missing = /^there is no such configuration; ask for/;
const nowhere = (what: string, target: string) =>
  [what, get(target, { from }), 404, 'CONFIG_NOT_FOUND', missing] as const;
const noName = (what: string, target: string) =>
  [what, get(target, { from }), 400, 'CONFIG_REQUEST_INVALID', /has characters that none may have$/] as const;

/** What cannot be a name is refused without a word of what it was; Spring's server has the same statuses. */
export const configRows = at('config', [
  ['nobody', get('/order/default'), 401, 'SERVICE_TOKEN_MISSING', /needs a token/, { 'www-authenticate': /Bearer/ }],
  ['a customer', get('/order/default', { from: 'customer' }), 403, 'SERVICE_FORBIDDEN', /for services only/],
  [
    'a token for another service',
    get('/order/default', { from: 'order, for somebody else' }),
    401,
    'SERVICE_TOKEN_INVALID',
    /./,
  ],
  ['somebody else’s configuration', get('/payment/default', { from }), 403, 'CONFIG_NOT_YOURS', /"order" may not read/],
  ['somebody else’s file', get('/payment-default.yml', { from }), 403, 'CONFIG_NOT_YOURS', /"order" may not read/],
  [
    'somebody else’s beside one’s own',
    get('/order,payment/default', { from }),
    403,
    'CONFIG_NOT_YOURS',
    /"order" may not read/,
  ],
  noName('dot segments in the name', '/..%2f..%2fetc%2fpasswd/default'),
  noName('dot segments in the profile', '/order/..%2f..%2fpayment'),
  noName('dot segments in the label', '/order/default/..%2f..'),
  noName('Spring’s slash in the label', '/order/default/(_)..(_)..(_)etc'),
  noName('dots as a name', '/../default'),
  noName('a name of dots', '/.../default'),
  noName('an encoded NUL', '/order/default%00'),
  noName('an encoded backslash', '/order/..%5cpayment'),
  noName('doubly encoded dots', '/order/%252e%252e%252fpayment'),
  noName('a URL as a profile', '/order/http:%2f%2fevil.example'),
  noName('a placeholder as a name', '/$%7bjava.home%7d/default'),
  [
    'a file that there is not',
    get('/order/default/main/more', { from }),
    404,
    'CONFIG_NOT_FOUND',
    /^there is no such file, or it is not yours$/,
  ],
  nowhere('one segment', '/order'),
  nowhere('an unknown format', '/order-default.xml'),
  noName('eleven profiles', '/order/a,b,c,d,e,f,g,h,i,j,k'),
  noName('a name of 200 letters', `/${'a'.repeat(200)}/default`),
  ['a path that cannot be decoded', get('/order/%zz', { from }), 404, 'SERVICE_NOT_FOUND', /nothing at this path/],
  ['POST', post('/order/default', {}, { from }), 405, 'SERVICE_METHOD_NOT_ALLOWED', /takes GET/, { allow: /^GET$/ }],
  [
    'DELETE',
    send('DELETE', '/order/default', { from }),
    405,
    'SERVICE_METHOD_NOT_ALLOWED',
    /takes GET/,
    { allow: /^GET$/ },
  ],
]);
