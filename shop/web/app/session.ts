import type { Answer, Failure } from '@dure/console/design';
import { useEffect } from 'preact/hooks';
import type { Credentials, User } from './api.ts';
import { getMe, getSession, signIn, signOut } from './api.ts';
import { sharedValue, useShared } from './shared-value.ts';

/** Whether somebody is signed in. The cookie that proves it is out of reach for scripts. */
export type Session =
  | { readonly state: 'unknown' }
  | { readonly state: 'nobody' }
  /** `user` is unknown while the user service does not answer. */
  | { readonly state: 'somebody'; readonly user: User | undefined };

const session = sharedValue<Session>({ state: 'unknown' });

/** The session of this browser. */
export function useSession(): Session {
  return useShared(session);
}

/** Asks the gateway once, at the start, whose cookie the browser holds. */
export function useSessionCheck(): void {
  useEffect(() => {
    const controller = new AbortController();
    void restore(controller.signal).then((found) => {
      if (!controller.signal.aborted && session.get().state === 'unknown') session.set(found);
    });
    return () => controller.abort();
  }, []);
}

/** Signs in; on success the session is known everywhere on the page. */
export async function startSession(credentials: Credentials): Promise<Answer<{ readonly user: User }>> {
  const answer = await signIn(credentials);
  if (answer.ok) session.set({ state: 'somebody', user: answer.value.user });
  return answer;
}

/** Signs out. */
export async function endSession(): Promise<void> {
  await signOut();
  session.set({ state: 'nobody' });
}

/** Says that the cookie has run out. */
export function forgetSession(): void {
  session.set({ state: 'nobody' });
}

/** Forgets the session when an answer says that its cookie has run out. */
export function useExpiry(failure: Failure | undefined): void {
  const expired = failure?.kind === 'problem' && failure.problem.status === 401;
  useEffect(() => {
    if (expired) forgetSession();
  }, [expired]);
}

async function restore(signal: AbortSignal): Promise<Session> {
  const held = await getSession(signal);
  if (!held.ok || typeof held.value?.subject !== 'string') return { state: 'nobody' };
  const me = await getMe(signal);
  if (me.ok) return { state: 'somebody', user: me.value };
  const gone = me.failure.kind === 'problem' && me.failure.problem.status < 500;
  return gone ? { state: 'nobody' } : { state: 'somebody', user: undefined };
}
