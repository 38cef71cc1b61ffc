import { usePreferences } from '@dure/console/design';
import type { JSX } from 'preact';
import type { Product } from './api.ts';

/** What sets a product apart from others, if anything does. */
export function ProductBadge({ product: { badge } }: { readonly product: Product }): JSX.Element | null {
  const { language } = usePreferences();
  return badge === undefined ? null : <span class="badge">{badge[language]}</span>;
}
