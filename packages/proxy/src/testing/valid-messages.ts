import fc from 'fast-check';

/** A request as it is sent, latin-1, and its method. */
export interface ValidRequest {
  readonly method: string;
  readonly bytes: string;
}

const oneOf = (characters: string) => fc.constantFrom(...characters);
const textOf = (characters: string, minLength: number, maxLength: number) =>
  fc.array(oneOf(characters), { minLength, maxLength }).map((list) => list.join(''));

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('');
const high = Array.from({ length: 128 }, (_, index) => String.fromCharCode(0x80 + index)).join('');

const encoded = fc.constantFrom('%EA%B9%80', '%C3%BC', '%20', '%7E', '%41', '%3F', '%23', '%c3%9f', '%F0%9F%A6%8A');
const segment = fc
  .array(fc.oneof(textOf(`${letters}-_~!$&'()*+,;=:@`, 1, 6), encoded), { minLength: 1, maxLength: 4 })
  .map((parts) => `i${parts.join('')}`);
const query = fc.option(
  fc
    .array(fc.oneof(textOf(`${letters}-._~!$&'()*+,;=:@/?`, 1, 8), encoded), { maxLength: 5 })
    .map((parts) => `?${parts.join('')}`),
  { nil: '' },
);

const value = fc.oneof(
  textOf(visible, 0, 20),
  fc.tuple(textOf(visible + high, 1, 8), oneOf(' \t'), textOf(visible + high, 1, 8)).map((parts) => parts.join('')),
);
const name = fc.oneof(
  textOf(`${letters}!#$%&'*+-.^\`|~`, 1, 12).map((rest) => `X${rest}`),
  fc.constantFrom(
    'Accept',
    'User-Agent',
    'If-None-Match',
    'Range',
    'Accept-Encoding',
    'Cache-Control',
    'Content-Language',
    'X_Y',
  ),
  fc.constantFrom(
    'Forwarded',
    'X-Real-IP',
    'X-Forwarded-For',
    'Dure-Attempt',
    'TE',
    'Via',
    'Upgrade',
    'Expires',
    'Age',
    'Warning',
  ),
);
const space = fc.constantFrom('', ' ', '\t', '  \t ');
const line = fc.tuple(name, space, value, space).map(([key, before, text, after]) => `${key}:${before}${text}${after}`);
const lines = fc.array(line, { maxLength: 12 });

const body = fc.oneof(
  fc.constant(''),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  fc.nat(200_000).map((length) => 'long'.repeat(length / 4)),
);

/** The lines that state how long a body is, and the body in that form. */
function framed(text: string, cuts: readonly number[], extension: string, trailer: string): readonly [string, string] {
  if (cuts.length === 0) return [`Content-Length: ${text.length}`, text];
  const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
  const pieces = [0, ...places].map((from, index) => text.slice(from, places[index] ?? text.length));
  const chunks = pieces
    .filter((piece) => piece !== '')
    .map((piece) => `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`);
  return ['Transfer-Encoding: chunked', `${chunks.join('')}0\r\n${trailer}\r\n`];
}

const framing = fc
  .tuple(
    body,
    fc.array(fc.nat(), { maxLength: 4 }),
    fc.constantFrom('', '', ';a', ';a=b', ';a="b c"'),
    fc.constantFrom('', '', 'X-Sum: 7\r\n', 'Host: evil\r\nAuthorization: Bearer eve\r\n'),
  )
  .map((parts) => framed(...parts));

/** Requests that are valid and that the routes of `things` take. */
export const validRequest: fc.Arbitrary<ValidRequest> = fc
  .record({
    kind: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT'),
    segment,
    query,
    lines,
    framing,
    cookies: fc.array(
      textOf(letters, 1, 8).map((text) => `Cookie: c=${text}`),
      { maxLength: 2 },
    ),
    caller: fc.constantFrom('', '', 'Authorization: Bearer ann'),
    named: fc.constantFrom('', '', '', 'Connection: keep-alive, X-Hop\r\nX-Hop: 1'),
    origin: fc.constantFrom('', '', 'http://shop.example'),
  })
  .map(
    ({
      kind,
      segment: id,
      query: search,
      lines: others,
      framing: [length, content],
      cookies,
      caller,
      named,
      origin,
    }) => {
      const hasBody = kind === 'POST' || kind === 'PUT';
      const target = `${origin}${kind === 'POST' ? '/orders' : `/things/${id}`}${search}`;
      const own = [...cookies, caller, named, hasBody ? length : ''].filter((text) => text !== '');
      const head = [`${kind} ${target} HTTP/1.1`, 'Host: shop.example', ...others, ...own];
      return { method: kind, bytes: `${head.join('\r\n')}\r\n\r\n${hasBody ? content : ''}` };
    },
  );

/** Answers that are valid, as an instance writes them to a request of a method; `connection: close` when the end says it. */
export const validAnswer: fc.Arbitrary<(method: string) => string> = fc
  .record({
    status: fc.constantFrom(
      '200 OK',
      '201 Made',
      '206 Part',
      '204 ',
      '304 Same',
      '302 Found',
      '400 No',
      '404 ',
      '418 Teapot',
      '500 \xfcps',
      '503 Later',
    ),
    lines,
    framing,
    isUntilClose: fc.boolean(),
    body,
    interim: fc.constantFrom('', '', 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  })
  .map(({ status, lines: others, framing: [length, content], isUntilClose, body: text, interim }) => (method) => {
    const isBodiless = method === 'HEAD' || /^(?:204|304)/.test(status);
    const own = isUntilClose ? 'connection: close' : /^204/.test(status) ? 'x-none: 1' : length;
    const head = [`HTTP/1.1 ${status}`, ...others, own].join('\r\n');
    return `${interim}${head}\r\n\r\n${isBodiless ? '' : isUntilClose ? text : content}`;
  });
