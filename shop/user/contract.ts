import { event } from '@dure/messaging';
import { contract, get, post } from '@dure/service/contract';
import { z } from 'zod';

/** A user as the shop shows them; never with a password. */
export const User = z.object({
  userId: z.uuid(),
  email: z.email().max(254),
  name: z.string(),
  /** `customer` for everybody; `admin` may change the catalogue and supply stock. */
  roles: z.array(z.string()),
});

/** Somebody has an account. */
export const userRegistered = event('user.registered', {
  schema: z.object({ userId: z.uuid(), name: z.string() }),
  key: ({ userId }) => userId,
});

const Credentials = z.object({ email: z.email().max(254), password: z.string().max(200) });

/** Accounts, credentials and roles. Its tokens are verified through `/.well-known/jwks.json`. */
export const user = contract(
  'user',
  {
    register: post('/users', {
      summary: 'Registers a new user',
      body: Credentials.extend({
        password: z.string().min(10).max(200),
        name: z.string().trim().min(1).max(80),
      }),
      output: User,
      status: 201,
      access: 'public',
      cost: 20,
      sensitive: ['body.password'],
      refuses: { EmailTaken: { status: 409, data: z.object({ email: z.string() }) } },
    }),
    signIn: post('/sessions', {
      summary: 'Signs a user in and issues a token',
      body: Credentials,
      output: z.object({ token: z.string(), expiresAt: z.iso.datetime(), user: User }),
      access: 'public',
      cost: 20,
      rateLimit: { quota: 600, windowSeconds: 60, per: 'address' }, // thirty attempts a minute
      sensitive: ['body.password'],
      refuses: { BadCredentials: { status: 401, data: z.object({}) } },
    }),
    getMe: get('/users/me', {
      summary: 'The user who is signed in',
      output: User,
      access: 'user',
      refuses: { UnknownUser: { status: 404, data: z.object({ userId: z.string() }) } },
    }),
    getUser: get('/users/:userId', {
      summary: 'Any user, for other services',
      params: z.object({ userId: z.uuid() }),
      output: User,
      access: 'service',
      refuses: { UnknownUser: { status: 404, data: z.object({ userId: z.string() }) } },
    }),
  },
  { emits: [userRegistered] },
);
