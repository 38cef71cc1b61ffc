import { messagingErrors } from '../errors.ts';

/** MESSAGING_FEED_BELOW_FLOOR when messages that the consumer has not seen are gone. */
export function refuseBelow(floor: number, after: number, consumer: string, service: string): void {
  if (after >= floor) return;
  throw messagingErrors.FEED_BELOW_FLOOR(
    `"${consumer}" asks for the log of ${service} after ${after}, but everything up to ${floor} has been dropped`,
    { details: { consumer, service, after, floor } },
  );
}
