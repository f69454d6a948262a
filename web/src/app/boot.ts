/** What the gateway wrote into the page: brand and version. Without it (the dev server) the brand is asked for. */
import type { Brand } from '../api/types';

interface Boot { brand: Brand | null; version: string | null }

function read(): Boot {
  try {
    const found = JSON.parse(document.getElementById('boot')?.textContent ?? '{}') as Partial<Boot>;
    return { brand: found.brand ?? null, version: found.version ?? null };
  } catch {
    return { brand: null, version: null };
  }
}

export const boot = read();
export const FALLBACK_BRAND: Brand = { name: 'Parley', product_name: 'Parley', primary_color: '#3b5bdb', logo_text: null, logo_url: null };
