import type { Message, ReplyData } from './message.ts';

/** The code with which a command is answered that came after its sender had given up. */
export const expiredCode = 'DeadlinePassed';

/** How a command is answered that is not carried out, because nobody waits for it any more; undefined while somebody does. */
export function expiredReply({ meta: { deadline } }: Message, now: number): ReplyData | undefined {
  if (deadline === undefined || now <= deadline) return undefined;
  return { ok: false, refusal: { code: expiredCode, data: { deadline } } };
}

/** Whether a reply says that the command was not carried out, because it came too late. */
export function isExpired(reply: ReplyData): boolean {
  return !reply.ok && reply.refusal.code === expiredCode;
}
