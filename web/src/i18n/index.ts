/** Texts by language and area. `common` comes with the app, the rest with the pages that use it. */
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import common from './en/common.json';

const areas = import.meta.glob<{ default: object }>(['./en/*.json', '!./en/common.json']);

void i18next.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  ns: ['common'],
  defaultNS: 'common',
  resources: { en: { common } },
  interpolation: { escapeValue: false },
  returnNull: false,
});

/** Loads the texts of an area before its page is drawn. */
export async function loadArea(area: string): Promise<void> {
  const language = i18next.language;
  if (i18next.hasResourceBundle(language, area)) return;
  const load = areas[`./${language}/${area}.json`] ?? areas[`./en/${area}.json`];
  if (load) i18next.addResourceBundle(language, area, (await load()).default);
}

export default i18next;
