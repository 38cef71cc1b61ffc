import { Icon, Link, usePageTitle } from '@dure/console/design';
import type { ComponentChildren, JSX } from 'preact';
import { useMessages } from './use-messages.ts';

/** The heading of a page, which also names the browser's tab and takes the focus after a change of page. */
export function PageHead({ title, back, children }: PageHeadProps): JSX.Element {
  const m = useMessages();
  usePageTitle(title, m.title);
  return (
    <div class="page-head">
      {back === undefined ? null : (
        <Link to={back.to} class="back">
          <Icon name="left" size={14} />
          {back.label}
        </Link>
      )}
      <h1 tabIndex={-1}>{title}</h1>
      {children}
    </div>
  );
}

export interface PageHeadProps {
  readonly title: string;
  readonly back?: { readonly to: string; readonly label: string };
  readonly children?: ComponentChildren;
}
