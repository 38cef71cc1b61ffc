import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Webhook } from './webhook-paths.ts';

/** Where hosts put the HMAC-SHA-256 of the body, with what stands before it. */
const signatures: Readonly<Record<string, string>> = {
  'x-hub-signature-256': 'sha256=', // GitHub, Gitea
  'x-hub-signature': 'sha256=', // Bitbucket; with sha1= it proves nothing here
  'x-gitea-signature': '',
  'x-gogs-signature': '',
};
/** Where hosts put the secret itself. */
const tokens = ['x-gitlab-token', 'x-gitee-token'];

/** Whether a hook comes from somebody who knows the secret. Takes as long for a wrong proof as for a right one. */
export function provesSecret({ headers, body }: Webhook, secret: string): boolean {
  if (secret === '') return false;
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  let isProved = false;
  const compare = (name: string, expected: string) => {
    const sent = headers[name];
    if (typeof sent === 'string' && sameText(sent, expected)) isProved = true;
  };
  for (const [name, prefix] of Object.entries(signatures)) compare(name, prefix + signature);
  for (const name of tokens) compare(name, secret);
  return isProved;
}

function sameText(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
