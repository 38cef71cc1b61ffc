import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Provider } from 'oidc-provider';

/** The tokens of one sign-in. */
export interface SignedInTokens {
  readonly accessToken: string;
  readonly idToken: string;
}

/** A real OpenID Connect issuer on 127.0.0.1, with one API and one client. */
export interface OidcProviderIssuer extends AsyncDisposable {
  readonly issuer: string;
  readonly audience: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  /** An access token by authorization code and PKCE, as a browser gets it. */
  signIn(subject: string): Promise<SignedInTokens>;
  /** Signs by new keys from now on and serves those only. */
  rotate(): Promise<void>;
  /** Hangs up on everybody, or does so no longer. */
  setDown(isDown: boolean): void;
}

export interface OidcProviderOptions {
  /** Default RS256. */
  readonly algorithm?: 'RS256' | 'PS256' | 'ES256' | 'EdDSA';
  /** Claims of every access token. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The scopes of its API. */
  readonly scopes?: readonly string[];
}

const client = { id: 'storefront', secret: 'storefront-secret', redirectUri: 'https://shop.example.com/callback' };
const audience = 'https://api.shop.example.com';

/** Opens an issuer that is `oidc-provider`, certified by the OpenID Foundation. */
export async function openOidcProvider(options: OidcProviderOptions = {}): Promise<OidcProviderIssuer> {
  const { algorithm = 'RS256' } = options;
  const asked: string[] = [];
  let answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  let isDown = false;
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (isDown) request.socket.destroy();
    else answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rotate = async () => {
    answer = new Provider(issuer, configuration(await signingKey(algorithm), options)).callback();
  };
  await rotate();
  return {
    issuer,
    audience,
    asked,
    rotate,
    signIn: (subject) => signIn(issuer, subject, options.scopes ?? []),
    setDown(down) {
      isDown = down;
      if (down) server.closeAllConnections();
    },
    [Symbol.asyncDispose]: () => closed(server),
  };
}

async function signingKey(alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: randomBytes(8).toString('hex'), alg, use: 'sig' };
}

function configuration(key: JWK, { algorithm = 'RS256', claims = {}, scopes = [] }: OidcProviderOptions) {
  const resource = {
    scope: scopes.join(' '),
    audience,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: algorithm } },
  };
  return {
    jwks: { keys: [key] },
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: algorithm,
      },
    ],
    scopes: ['openid', ...scopes],
    cookies: { keys: ['cookie'] },
    ttl: { AccessToken: 7_200, IdToken: 7_200, Grant: 7_200, Interaction: 600, Session: 600 },
    findAccount: (_context: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
    extraTokenClaims: () => claims,
    enabledJWA: { idTokenSigningAlgValues: [algorithm] },
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => resource,
      },
    },
  };
}

async function signIn(issuer: string, subject: string, scopes: readonly string[]): Promise<SignedInTokens> {
  const verifier = randomBytes(32).toString('base64url');
  const asked = new URLSearchParams({
    client_id: client.id,
    redirect_uri: client.redirectUri,
    response_type: 'code',
    scope: ['openid', ...scopes].join(' '),
    resource: audience,
    nonce: 'n',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const code = await codeFor(`${issuer}/auth?${asked}`, subject);
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirectUri,
      code_verifier: verifier,
      resource: audience,
    }),
  });
  const answer = (await response.json()) as { readonly access_token?: string; readonly id_token?: string };
  assert.ok(answer.access_token !== undefined && answer.id_token !== undefined, JSON.stringify(answer));
  return { accessToken: answer.access_token, idToken: answer.id_token };
}

/** Goes through the pages of login and consent, as a browser does, until it is sent back with a code. */
async function codeFor(start: string, login: string): Promise<string> {
  const cookies = new Map<string, string>();
  let url = start;
  let form: Readonly<Record<string, string>> | undefined;
  const prompts = [{ prompt: 'login', login, password: 'any' }, { prompt: 'consent' }];
  for (let step = 0; step < 12; step += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    });
    await response.text();
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    const location = response.headers.get('location');
    form = location === null ? prompts.shift() : undefined;
    if (location !== null) url = new URL(location, url).href;
    const code = url.startsWith(client.redirectUri) ? new URL(url).searchParams.get('code') : null;
    if (code !== null) return code;
  }
  return assert.fail(`no code after twelve steps; the last was ${url}`);
}

async function closed(server: Server): Promise<void> {
  const done = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await done;
}
