export { redirectTo, setStatus } from './own-answers.ts';
export type { RemoveJsonAttributesOptions } from './remove-json-attributes.ts';
export { removeJsonAttributes } from './remove-json-attributes.ts';
export {
  addRequestHeader,
  addRequestHeadersIfNotPresent,
  mapRequestHeader,
  preserveHostHeader,
  removeRequestHeader,
  setRequestHeader,
  setRequestHostHeader,
} from './request-headers.ts';
export { requestHeaderSize, requestSize } from './request-limits.ts';
export { addRequestParameter, removeRequestParameter, rewriteRequestParameter } from './request-parameters.ts';
export { prefixPath, rewritePath, setPath, stripPrefix } from './request-path.ts';
export type { DedupeStrategy } from './response-headers.ts';
export {
  addResponseHeader,
  dedupeResponseHeader,
  removeResponseHeader,
  rewriteResponseHeader,
  setResponseHeader,
} from './response-headers.ts';
export type { RewriteLocationOptions, StripVersion } from './rewrite-location.ts';
export { rewriteLocationResponseHeader } from './rewrite-location.ts';
export type { SecureHeadersOptions } from './secure-headers.ts';
export { secureHeaders } from './secure-headers.ts';
export type { VariablesOf } from './variable-template.ts';
