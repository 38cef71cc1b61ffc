import type { Answer, OptAnswer, Question } from 'dns-packet';
import { AUTHORITATIVE_ANSWER, DNSSEC_OK, decode, encode, encodingLength, TRUNCATED_RESPONSE } from 'dns-packet';

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;

/** What became of a query (RFC 1035, 6891). */
export type Rcode = keyof typeof rcodes;

/** A query as it was read: a question, or what is wrong with it. */
export interface DnsQuery {
  readonly id: number;
  /** Opcode and "recursion desired", which an answer repeats. */
  readonly flags: number;
  readonly question?: Question;
  readonly edns?: OptAnswer;
  readonly fault?: Rcode;
}

/** What is answered; records that find no room are left out from the end. */
export interface DnsReply {
  readonly rcode: Rcode;
  readonly isAuthoritative?: boolean;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
}

/** The largest query that is read: one question, and options. A longer one over TCP ends its connection. */
export const largestQueryBytes = 1_024;
/** The largest answer over UDP, whatever the client takes: more may be fragmented on the way (DNS flag day 2020). */
export const largestDatagramBytes = 1_232;
export const largestStreamedBytes = 65_535;

const headerBytes = 12;
const smallestDatagramBytes = 512;

/** Reads a query; undefined for what must not be answered: an answer, or less than a header. Never throws. */
export function readQuery(packet: Buffer): DnsQuery | undefined {
  if (packet.length < headerBytes) return undefined;
  const bits = packet.readUInt16BE(2);
  if ((bits & 0x8000) !== 0) return undefined;
  const head = { id: packet.readUInt16BE(0), flags: bits & 0x7900 };
  if ((bits & 0x7800) !== 0) return { ...head, fault: 'NOTIMP' };
  const isOneQuestion = packet.readUInt16BE(4) === 1 && packet.readUInt32BE(6) === 0;
  const read = isOneQuestion && packet.length <= largestQueryBytes ? decoded(packet) : undefined;
  return { ...head, ...(read ?? { fault: 'FORMERR' }) };
}

/** How long an answer over UDP may be. */
export function datagramLimit({ edns }: DnsQuery): number {
  return Math.min(Math.max(edns?.udpPayloadSize ?? 0, smallestDatagramBytes), largestDatagramBytes);
}

/** Writes an answer of at most `limit` bytes; one that had to be cut says so, unless only additional records are missing. */
export function writeReply(query: DnsQuery, reply: DnsReply, limit: number): Buffer {
  const { id, flags, question, edns } = query;
  const code = rcodes[reply.rcode];
  const questions = question === undefined ? [] : [question];
  const options = edns === undefined ? [] : [ownOptions(edns, code >> 4)];
  let room = limit - encodingLength({ questions, additionals: options });
  const fitting = (records: readonly Answer[] = []) =>
    records.filter((record) => {
      room -= encodingLength({ answers: [record] }) - headerBytes;
      return room >= 0;
    });
  const answers = fitting(reply.answers);
  const authorities = fitting(reply.authorities);
  const truncated = room < 0 ? TRUNCATED_RESPONSE : 0;
  const authoritative = reply.isAuthoritative === true ? AUTHORITATIVE_ANSWER : 0;
  return encode({
    id,
    type: 'response',
    flags: flags | authoritative | truncated | (code & 0xf),
    questions,
    answers,
    authorities,
    additionals: [...fitting(reply.additionals), ...options],
  });
}

function decoded(packet: Buffer): Pick<DnsQuery, 'question' | 'edns' | 'fault'> | undefined {
  try {
    const { questions = [], additionals = [] } = decode(packet);
    const [question] = questions;
    const [edns, ...more] = additionals.filter((record) => record.type === 'OPT');
    if (question === undefined || more.length > 0) return undefined;
    // No host has a name that we cannot repeat to the byte: dots or foreign bytes in a label, a pointer.
    const repeated = encode({ questions: [question] }).subarray(headerBytes);
    if (!repeated.equals(packet.subarray(headerBytes, headerBytes + repeated.length))) return undefined;
    if (edns === undefined) return { question };
    return { question, edns, ...(edns.ednsVersion > 0 ? { fault: 'BADVERS' } : {}) };
  } catch {
    return undefined;
  }
}

function ownOptions({ flags }: OptAnswer, extendedRcode: number): OptAnswer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: largestDatagramBytes,
    extendedRcode,
    ednsVersion: 0,
    flags: flags & DNSSEC_OK,
    flag_do: (flags & DNSSEC_OK) !== 0,
    options: [],
  };
}
