import { hopByHop } from '../http/field-kinds.ts';

/** What describes the body or the way of an HTTP request, or is gRPC's own: no metadata of the client's. */
const ofRequest = /^(?:content-.+|accept.*|grpc-.+|if-.+|range|te|expect)$/;
const ofAnswer = /^(?:content-(?:type|length|encoding|range)|grpc-.+|.+-bin|accept-ranges|trailer)$/;
/** gRPC over HTTP/2, Custom-Metadata. */
const metadataLine = /^([0-9a-z_.-]+):[ \t]*([\x20-\x7e]*)$/i;
const base64 = /^[A-Za-z0-9+/, ]*={0,2}$/;

/**
 * The header fields, each with its line end, with which a request goes to a gRPC server: those of the client that are
 * metadata, and gRPC's own. What metadata cannot hold is left out. Without `timeoutMs` the call may take any time.
 */
export function metadataFields(fields: string, timeoutMs: number | undefined): string {
  const kept = fields.split('\r\n').filter((line) => {
    const [, name = '', value = ''] = metadataLine.exec(line) ?? [];
    if (name === '' || ofRequest.test(name.toLowerCase())) return false;
    return !name.toLowerCase().endsWith('-bin') || base64.test(value);
  });
  const own = ['content-type: application/grpc', 'grpc-accept-encoding: identity'];
  // Eight digits at most (gRPC over HTTP/2, Timeout): in milliseconds that is more than a day.
  if (timeoutMs !== undefined) own.push(`grpc-timeout: ${Math.min(Math.ceil(timeoutMs), 99_999_999)}m`);
  return `${[...kept, ...own].join('\r\n')}\r\n`;
}

/** What of an answer's leading metadata, names and values in turn, the client may hear as header fields. */
export function answerFields(metadata: readonly string[]): string[] {
  const fields: string[] = [];
  for (let index = 0; index < metadata.length; index += 2) {
    const name = (metadata[index] ?? '').toLowerCase();
    if (!ofAnswer.test(name) && !hopByHop.has(name)) fields.push(name, metadata[index + 1] ?? '');
  }
  return fields;
}
