import { applyPreferences } from '@dure/console/design';
import { render } from 'preact';
import { App } from './app/app.tsx';

applyPreferences();
const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
