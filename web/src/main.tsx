import './app/mantine.css';
import '@mantine/notifications/styles.layer.css';
import './app/tokens.css';
import './i18n';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';

// After a deploy the old page may ask for a chunk that is gone: load the new page, once.
const RELOADED = 'hub-reloaded';
addEventListener('vite:preloadError', (event) => {
  if (sessionStorage.getItem(RELOADED)) return;
  event.preventDefault();
  sessionStorage.setItem(RELOADED, '1');
  location.reload();
});

const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
