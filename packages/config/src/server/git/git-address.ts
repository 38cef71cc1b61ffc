import { configErrors } from '../../errors.ts';

const placeholder = /\{(application|profile)\}/g;
const scpForm = /^[A-Za-z0-9_.-]+@[A-Za-z0-9][A-Za-z0-9.-]*:(?![-:])[^:\s]+$/;
const expected = 'expected https://…, ssh://…, git@host:…, file:///… or an absolute path; http on this machine only';
/** What `URL` would read something into is no address: git reads it otherwise. */
const urlForm = /^(?:(?:https?|ssh):\/\/[^/]|file:\/\/\/)/;
const loopback = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/;

/**
 * The address as git is told it: a transport that Dure allows, no password, no placeholder in the host. CONFIG_GIT_OPTIONS
 * says what is wrong with one that is not so, without repeating what may be a secret.
 */
export function gitAddress(url: string): string {
  const address = url.startsWith('/') ? `file://${url}` : url;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  if (/[\x00-\x20\x7f"\\]/.test(address)) throw refused('it has a blank, a quote, a backslash or a control character');
  if (scpForm.test(address)) {
    if (placeholder.test(address.slice(0, address.indexOf(':')))) throw refused('its host has a placeholder');
    return address;
  }
  if (!urlForm.test(address)) throw refused(expected);
  const [one, other] = [parsed(address, 'a'), parsed(address, 'b')];
  const { protocol, hostname, username, password, search, hash } = one;
  if (password !== '') throw refused('it has a password; write that to a file and name it as passwordFile');
  if (username !== '' && protocol !== 'ssh:') throw refused('it has a user; name that as username');
  if (one.host !== other.host || username !== other.username) throw refused('its host has a placeholder');
  if (search !== '' || hash !== '') throw refused('it has a query or a fragment');
  if (!isAllowed(protocol, hostname)) throw refused(expected);
  return address;
}

/** Whether an address stands for several repositories. */
export function hasPlaceholder(address: string): boolean {
  return /\{(application|profile)\}/.test(address);
}

function parsed(address: string, value: string): URL {
  try {
    return new URL(address.replaceAll(placeholder, value));
  } catch {
    throw refused('it is no URL');
  }
}

function isAllowed(protocol: string, hostname: string): boolean {
  if (protocol === 'file:') return hostname === '';
  if (!/^[A-Za-z0-9[]/.test(hostname)) return false;
  return protocol === 'https:' || protocol === 'ssh:' || (protocol === 'http:' && loopback.test(hostname));
}

function refused(why: string): Error {
  return configErrors.GIT_OPTIONS(`the URL of a git repository is refused: ${why}`);
}
