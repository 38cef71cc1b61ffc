import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:http2';
import type { Instance, InstanceList } from '@dure/balancer';
import type { UpstreamTls } from './upstream-tls.ts';

/** One HTTP/2 connection to each instance, by TLS or by prior knowledge (RFC 9113 §3.3), for what needs its streams. */
export interface Http2Sessions {
  /** Calls back with a connection that is open, or with why none came about. */
  open(instance: Instance, done: (opened: ClientHttp2Session | { readonly cause: unknown }) => void): void;
  /** Closes every connection. */
  close(): void;
}

/** Opens nothing yet. Connections of an instance that left the list take no more requests and end with their last. */
export function http2Sessions(instances: InstanceList, tls: UpstreamTls): Http2Sessions {
  const sessions = new Map<string, { readonly service: string; readonly session: ClientHttp2Session }>();
  const unsubscribe = instances.onChange(undefined, () => {
    for (const [key, { service, session }] of sessions) {
      if (instances.instances(service).some((instance) => keyOf(instance) === key)) continue;
      sessions.delete(key);
      session.close();
    }
  });
  const sessionTo = (instance: Instance): ClientHttp2Session => {
    const key = keyOf(instance);
    const known = sessions.get(key)?.session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const host = instance.host.includes(':') ? `[${instance.host}]` : instance.host;
    const secure = tls.settingsFor(instance);
    const scheme = secure === undefined ? 'http' : 'https';
    const session = connect(`${scheme}://${host}:${instance.port}`, { settings: { enablePush: false }, ...secure });
    const forget = () => {
      if (sessions.get(key)?.session === session) sessions.delete(key);
    };
    session.on('error', forget);
    session.on('close', forget);
    session.on('goaway', forget);
    sessions.set(key, { service: instance.service, session });
    return session;
  };
  return {
    open(instance, done) {
      const session = sessionTo(instance);
      if (!session.connecting) {
        done(session);
        return;
      }
      const settle = (opened: ClientHttp2Session | { readonly cause: unknown }) => {
        session.off('connect', onConnect);
        session.off('error', onError);
        done(opened);
      };
      const onConnect = () => settle(session);
      const onError = (cause: unknown) => settle({ cause });
      session.once('connect', onConnect);
      session.once('error', onError);
    },
    close() {
      unsubscribe();
      for (const { session } of sessions.values()) session.destroy();
      sessions.clear();
    },
  };
}

function keyOf({ id, host, port, secure = false }: Instance): string {
  return `${id} ${host} ${port} ${secure}`;
}
