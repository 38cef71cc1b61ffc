import { createHash } from 'node:crypto';
import { messagingErrors } from './errors.ts';
import type { Message, PayloadClaim } from './message.ts';
import type { BufferedMessage } from './message-buffer.ts';

/** Data of more bytes than this are put aside when their message is committed, and the message carries a claim to them: 256 KiB. */
export const asideBytes = 262_144;
/** How many characters of data one chunk holds. */
const chunkLength = 262_144;

/** A message whose data are put aside, and what they are. */
export interface PutAside {
  readonly message: BufferedMessage;
  readonly claim: PayloadClaim;
  readonly json: string;
}

/**
 * What is put aside of a message; undefined when it stays as it is. Events of streams do: they are the state of their aggregates, and
 * read with these. It is the data as they are committed, what is personal in them encrypted already.
 */
export function putAside(message: BufferedMessage): PutAside | undefined {
  const { json, stream, meta } = message;
  // No character takes more than three bytes, so that most messages need not be measured.
  if (stream !== undefined || json.length * 3 <= asideBytes) return undefined;
  const bytes = Buffer.byteLength(json);
  if (bytes <= asideBytes) return undefined;
  const claim = { sha256: createHash('sha256').update(json).digest('hex'), bytes };
  return { message: { ...message, json: JSON.stringify(referenceTo(claim)), meta: { ...meta, claim } }, claim, json };
}

/** Cuts data into chunks, none of which ends in the middle of a character. */
export function chunksOf(json: string): readonly string[] {
  const chunks: string[] = [];
  for (let from = 0; from < json.length; ) {
    let to = Math.min(from + chunkLength, json.length);
    const last = json.charCodeAt(to - 1);
    if (to < json.length && last >= 0xd800 && last < 0xdc00) to -= 1;
    chunks.push(json.slice(from, to));
    from = to;
  }
  return chunks;
}

/** Whether a message's data are somewhere else; those that somebody has replaced are not. */
export function claimIn({ meta: { claim }, data }: Message): PayloadClaim | undefined {
  return claim !== undefined && data === referenceTo(claim) ? claim : undefined;
}

/** What stands in the place of the data. */
function referenceTo({ sha256 }: PayloadClaim): string {
  return `sha256:${sha256}`;
}

/**
 * A message with the data that it claims, read chunk by chunk and checked as they come. MESSAGING_CLAIM_BROKEN when they are not what
 * was put aside.
 */
export async function redeemed(message: Message, chunks: AsyncIterable<string>): Promise<Message> {
  const claim = claimIn(message);
  if (claim === undefined) return message;
  const hash = createHash('sha256');
  const parts: string[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += Buffer.byteLength(chunk);
    if (bytes > claim.bytes) break;
    hash.update(chunk);
    parts.push(chunk);
  }
  const { type, id, source } = message;
  if (bytes !== claim.bytes || hash.digest('hex') !== claim.sha256) {
    throw messagingErrors.CLAIM_BROKEN(
      `the data of "${type}" (${id}) of ${source} are not what was put aside: ${bytes} bytes, expected ${claim.bytes} with SHA-256 ${claim.sha256}`,
      { details: { type, id, source, bytes, expected: claim.bytes } },
    );
  }
  return { ...message, data: JSON.parse(parts.join('')) };
}
