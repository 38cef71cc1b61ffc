import { formatNumber, usePreferences } from '@dure/console/design';
import type { JSX } from 'preact';
import { useMessages } from './use-messages.ts';

const few = 10;

/** How much is left, in words; colour only repeats them. */
export function StockBadge({ available }: { readonly available: number | undefined }): JSX.Element {
  const m = useMessages();
  const { language } = usePreferences();
  if (available === undefined) return <span class="badge">{m.stockUnknown}</span>;
  if (available === 0) return <span class="badge badge-bad">{m.soldOut}</span>;
  if (available <= few) return <span class="badge badge-warn">{m.stockLeft(formatNumber(available, language))}</span>;
  return <span class="badge badge-good">{m.inStock}</span>;
}
