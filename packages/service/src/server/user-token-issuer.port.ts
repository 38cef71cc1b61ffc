/** Issues the tokens of users; handed by the host to the one service that may. */
export interface UserTokenIssuer {
  /** A signed token for a user who has just proved who they are. */
  issue(user: {
    readonly subject: string;
    readonly roles: readonly string[];
    /** What the token may be used for, by operations that demand a user's scope. Default: nothing. */
    readonly scopes?: readonly string[];
    readonly name?: string;
  }): Promise<{
    readonly token: string;
    /** Epoch milliseconds after which nobody accepts it. */
    readonly expiresAt: number;
  }>;
  /** The public keys, as the body of `/.well-known/jwks.json`. */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
}
