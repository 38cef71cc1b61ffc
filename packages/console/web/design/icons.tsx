import type { JSX } from 'preact';

/** Outline icons on a 20 × 20 grid, 1.6 wide, with square ends where the mark has them. */
const paths = {
  services: 'M3 3.5h5.5V9H3zM11.5 11H17v5.5h-5.5zM8.5 6.25h5.75V11M5.75 9v4.75h5.75',
  traces: 'M3 4h9M5.5 8h9M8 12h6M10 16h7',
  sagas: 'M3 6.500h9.500a4 4 0 0 1 0 8H5M8 11.500l-3 3 3 3M3 3v7M8 4.500v4',
  logs: 'M3 4.5h2M8 4.5h9M3 10h2M8 10h9M3 15.5h2M8 15.5h6',
  settings: 'M3 5.500h7M14 5.500h3M3 14.500h3M10 14.500h7M12 3.500v4M8 12.500v4M3 10h1M8 10h9M6 8v4',
  basket: 'M2.5 8h15l-1.6 8.5H4.1zM6.5 8l2-4.8M13.5 8l-2-4.8M8 11.5v2M12 11.5v2',
  user: 'M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.5 17c.6-3 3.2-4.6 6.5-4.600s5.9 1.6 6.5 4.6',
  sun: 'M10 6.800a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.400zM10 2v1.800M10 16.200V18M2 10h1.800M16.2 10H18M4.3 4.300l1.3 1.300M14.4 14.400l1.3 1.300M4.3 15.700l1.3-1.300M14.4 5.600l1.3-1.3',
  moon: 'M16.5 12.200A7 7 0 0 1 7.8 3.500a7 7 0 1 0 8.7 8.700z',
  system: 'M2.5 4h15v9.500h-15zM7 17h6M10 13.500V17',
  globe:
    'M10 17.500a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM2.5 10h15M10 2.500c2.3 2.1 3.3 4.6 3.3 7.500s-1 5.4-3.3 7.500c-2.3-2.1-3.3-4.6-3.3-7.500s1-5.4 3.3-7.500z',
  check: 'M4 10.500l4 4 8-9',
  cross: 'M5 5l10 10M15 5L5 15',
  alert: 'M10 3l7.5 13.500h-15zM10 8.500v3.500M10 14.200v.3',
  info: 'M10 17.500a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 9.200v4.600M10 6.300v.4',
  offline:
    'M3 3l14 14M5.2 11.200a7 7 0 0 1 2.6-1.700M2.5 8a11 11 0 0 1 2.8-1.900M17.5 8a11 11 0 0 0-7-2.900M12.5 9.600a7 7 0 0 1 2.3 1.600M10 15.300v.4',
  right: 'M7.5 4.500L13 10l-5.5 5.5',
  down: 'M4.5 7.500L10 13l5.5-5.5',
  left: 'M12.5 4.500L7 10l5.5 5.5',
  external: 'M8 4H4v12h12v-4M11.5 3.500h5v5M16.5 3.500L9.5 10.5',
  search: 'M9 14.500a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM13 13l4.5 4.5',
  refresh: 'M16.5 10A6.5 6.5 0 1 1 14.3 5.100M16.5 2.500v4h-4',
  box: 'M3 6.500L10 3l7 3.500v7L10 17l-7-3.500zM3 6.500l7 3.5 7-3.500M10 10v7',
  card: 'M2.5 4.500h15v11h-15zM2.5 8.500h15M5.5 12.500H9',
  bank: 'M3 8l7-4.500L17 8zM4.5 8v6.500M8 8v6.500M12 8v6.500M15.5 8v6.500M3 16.500h14',
  clock: 'M10 17.500a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 6v4.200l3 1.8',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  trash: 'M3.5 5.500h13M7.5 5.500V3h5v2.500M5 5.500l.8 11.500h8.400L15 5.500M8.5 8.500v5.500M11.5 8.500v5.5',
  play: 'M6 4l10 6-10 6z',
  pause: 'M6.5 4v12M13.5 4v12',
  message: 'M2.5 5h15v10.5h-15zM2.5 5.5L10 11l7.5-5.5',
  copy: 'M7 7h9.500v9.500H7zM13 7V3.500H3.500V13H7',
  exit: 'M8 3.500H3.500v13H8M12.5 6l4 4-4 4M16.5 10H8',
} as const;

/** The name of an icon. */
export type IconName = keyof typeof paths;

/** An icon beside words; it says nothing to a screen reader, the words do. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }): JSX.Element {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.6"
      aria-hidden="true"
    >
      <path d={paths[name]} />
    </svg>
  );
}
