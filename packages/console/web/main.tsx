import { render } from 'preact';
import { App } from './app/app.tsx';
import { applyPreferences } from './design/use-preferences.ts';

applyPreferences();
const root = document.querySelector('#app');
if (root !== null) render(<App />, root);
