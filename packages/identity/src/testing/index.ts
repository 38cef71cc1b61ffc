export type { OpenIssuer } from './open-issuer.ts';
export { openIssuer } from './open-issuer.ts';
