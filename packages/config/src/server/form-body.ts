const hexadecimal = /^(?:[0-9a-f]{2})*$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

/**
 * The text that somebody meant who posted it with curl, which calls it a form and may end it by `=`, as Spring's
 * `EncryptionController` guesses it. Only the exact type `text/plain` is taken as it is. Throws URIError.
 */
export function meantBody(body: string, contentType: string, isCipher: boolean): string {
  if (!body.endsWith('=') || contentType.trim().toLowerCase() === 'text/plain') return body;
  const decoded = decodeURIComponent(body.replaceAll('+', ' '));
  if (!isCipher) return decoded.slice(0, -1);
  const text = decoded.replaceAll(' ', '+');
  const shorter = text.slice(0, -1);
  const isOdd = text.endsWith('=') && text.length % 2 === 1;
  return isOdd && (hexadecimal.test(shorter) || base64.test(shorter)) ? shorter : text;
}
