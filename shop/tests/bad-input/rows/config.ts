import { at, get, post, send } from '../bad-request.ts';

const from = 'order' as const;
const missing = /^there is no such configuration; ask for/;
const nowhere = (what: string, target: string) =>
  [what, get(target, { from }), 404, 'CONFIG_NOT_FOUND', missing] as const;

/** The config server tells an attacker's path from a mistake by nothing: both find nothing. */
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
  nowhere('dot segments in the name', '/..%2f..%2fetc%2fpasswd/default'),
  nowhere('dot segments in the profile', '/order/..%2f..%2fpayment'),
  nowhere('dot segments in the label', '/order/default/..%2f..'),
  nowhere('Spring’s slash in the label', '/order/default/(_)..(_)..(_)etc'),
  nowhere('dots as a name', '/../default'),
  nowhere('a name of dots', '/.../default'),
  nowhere('an encoded NUL', '/order/default%00'),
  nowhere('an encoded backslash', '/order/..%5cpayment'),
  nowhere('doubly encoded dots', '/order/%252e%252e%252fpayment'),
  nowhere('a URL as a profile', '/order/http:%2f%2fevil.example'),
  nowhere('a placeholder as a name', '/$%7bjava.home%7d/default'),
  nowhere('four segments', '/order/default/main/more'),
  nowhere('one segment', '/order'),
  nowhere('an unknown format', '/order-default.xml'),
  nowhere('eleven profiles', '/order/a,b,c,d,e,f,g,h,i,j,k'),
  nowhere('a name of 200 letters', `/${'a'.repeat(200)}/default`),
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
