import type { ComponentChildren, JSX } from 'preact';
import { usePageTitle } from '../design/navigation.tsx';
import { useMessages } from './use-messages.ts';

/** The heading of a page, which also names the browser's tab and takes the focus after a change of page. */
export function PageHead({ title, aside, above, children }: PageHeadProps): JSX.Element {
  const m = useMessages();
  usePageTitle(title, m.title);
  return (
    <div class="page-head">
      <div class="page-head-words">
        {above}
        <h1 tabIndex={-1}>{title}</h1>
        {children}
      </div>
      {aside}
    </div>
  );
}

export interface PageHeadProps {
  readonly title: string;
  readonly above?: ComponentChildren;
  readonly aside?: ComponentChildren;
  readonly children?: ComponentChildren;
}
