import type { InstanceList } from '@dure/balancer';
import type { JwkSet } from '@dure/identity';
import { issueUserToken, serviceTokens, tokenVerifier, userJwks } from '@dure/identity';
import type { TokenSigner } from '@dure/service/client';
import type { TokenVerifier, UserTokenIssuer } from '@dure/service/server';
import type { RunFile, ServiceRun } from '../run-file.ts';
import type { Machine } from './machine.ts';
import { fetchJwks } from './transport.ts';

/** How one service proves who it is, and checks who others are. */
export interface Credentials {
  readonly signer: TokenSigner;
  readonly verifier: TokenVerifier;
  readonly userTokens: UserTokenIssuer | undefined;
}

/** The credentials of a service of this run. User tokens are checked by the keys that their issuer publishes. */
export function credentials(
  name: string,
  service: ServiceRun,
  run: RunFile,
  { clock, ids }: Machine,
  instances: InstanceList,
): Credentials {
  const { peers, userIssuer } = run;
  // The edge has a token for each of its users at each service: signing anew is a hundred times the cost of a look-up.
  const maxCached = name === 'gateway' ? 10_000 : 1_000;
  const signer = serviceTokens({ service: name, key: service.key, scopes: service.scopes, clock, ids, maxCached });
  const users =
    userIssuer === undefined ? {} : { userIssuer, fetchJwks: () => jwksOf(name, service, userIssuer, instances) };
  return {
    signer,
    verifier: tokenVerifier({
      audience: name,
      peers,
      edges: ['gateway'],
      clock,
      ...users,
      ...(takesBasic.has(name) ? basicOf(run) : {}),
    }),
    userTokens: name === userIssuer ? userTokenIssuer(name, service, { clock, ids }) : undefined,
  };
}

/** What programs of other make speak to, of which some know no token. */
const takesBasic: ReadonlySet<string> = new Set(['registry', 'config']);

/** The users of HTTP Basic: each stands for itself. */
function basicOf({ foreign = {} }: RunFile) {
  const users = Object.entries(foreign).map(([name, password]) => [name, { password, service: name, scopes: [] }]);
  return { basic: Object.fromEntries(users) };
}

function userTokenIssuer(
  issuer: string,
  { key }: ServiceRun,
  { clock, ids }: Pick<Machine, 'clock' | 'ids'>,
): UserTokenIssuer {
  return {
    issue: (user) => issueUserToken({ ...user, key, issuer, clock, ids }),
    jwks: userJwks([key]),
  };
}

/** The issuer needs no network to know its own keys. */
function jwksOf(name: string, { key }: ServiceRun, issuer: string, instances: InstanceList): Promise<JwkSet> {
  return name === issuer ? Promise.resolve(userJwks([key])) : fetchJwks(issuer, instances);
}
