import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { attributesQuery } from '../../../api/contacts';
import type { Attribute, ContactDetail } from '../../../api/contactTypes';
import { When } from '../../../ui/When';
import { intentName } from '../../../ui/words';
import { LANGUAGES } from '../FilterBar';
import { languageName, valueWords } from '../words';
import type { FieldName } from './edits';
import { Field, type FieldKind } from './Field';
import classes from './profile.module.css';
import type { Edit } from './useEdit';

interface Props { contact: ContactDetail; edit: Edit; mayWrite: boolean }

export function Section({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <div className={classes.sectionHead}><h2>{title}</h2>{action}</div>
      {children}
    </section>
  );
}

/** The clock of the contact's zone, beside its name. */
function zoneWords(zone: string): string {
  if (zone === '') return '';
  try {
    const time = new Intl.DateTimeFormat(document.documentElement.lang || 'en', { timeZone: zone, hour: '2-digit', minute: '2-digit' }).format(new Date());
    return `${zone.replaceAll('_', ' ')} · ${time}`;
  } catch {
    return zone;
  }
}

const ZONES = ((): string[] => {
  try {
    return Intl.supportedValuesOf('timeZone');
  } catch {
    return [];
  }
})();

export function Details({ contact, edit, mayWrite }: Props) {
  const { t } = useTranslation('contacts');
  const languages = useMemo(() => LANGUAGES.map((value) => ({ value, label: languageName(value) })).toSorted((a, b) => a.label.localeCompare(b.label)), []);
  const row = (field: FieldName, label: string, kind: FieldKind, shown: ReactNode) => (
    <>
      <dt>{label}</dt>
      <dd><Field contact={contact} field={field} label={label} kind={kind} shown={shown} edit={edit} mayWrite={mayWrite} /></dd>
    </>
  );
  return (
    <Section title={t('profile.details')}>
      <dl className={classes.facts}>
        {row('language', t('column.language'), { type: 'choice', choices: languages }, contact.language && languageName(contact.language))}
        {row('time_zone', t('column.zone'), { type: 'choice', choices: ZONES.map((value) => ({ value, label: value.replaceAll('_', ' ') })) }, zoneWords(contact.time_zone))}
        <dt>{t('column.created')}</dt>
        <dd><span className={classes.fixed}><When at={contact.created_at} /></span></dd>
        {contact.last_inbound_at && <><dt>{t('column.inbound')}</dt><dd><span className={classes.fixed}><When at={contact.last_inbound_at} /></span></dd></>}
      </dl>
    </Section>
  );
}

const kindOf = (attribute: Attribute): FieldKind => ({ type: attribute.type, choices: attribute.choices.map((value) => ({ value, label: value })) });

/** Every attribute that is defined, with or without a value, each with the editor of its type. */
export function Attributes({ contact, edit, mayWrite }: Props) {
  const { t } = useTranslation('contacts');
  const { data } = useQuery({ ...attributesQuery, retry: false });
  const words = { yes: t('value.yes'), no: t('value.no') };
  const defined = data?.items ?? [];
  const strays = Object.entries(contact.attributes).filter(([key]) => data !== undefined && !defined.some((attribute) => attribute.key === key));
  const shown = defined.filter((attribute) => mayWrite || contact.attributes[attribute.key] !== undefined);
  return (
    <Section title={t('profile.attributes')} action={mayWrite && <Link to="/attributes" className={classes.sectionLink}>{t('profile.manage')}</Link>}>
      <dl className={classes.facts}>
        {shown.map((attribute) => {
          const value = contact.attributes[attribute.key];
          return (
            <div key={attribute.id} className={classes.pairOf}>
              <dt title={attribute.key}><bdi>{attribute.label}</bdi></dt>
              <dd>
                <Field contact={contact} field={`attribute.${attribute.key}`} label={attribute.label} kind={kindOf(attribute)} edit={edit} mayWrite={mayWrite}
                  shown={value === undefined || value === null ? null : <span dir="auto">{valueWords(value, attribute.type, words)}</span>} />
              </dd>
            </div>
          );
        })}
        {strays.map(([key, value]) => <div key={key} className={classes.pairOf}><dt>{intentName(key)}</dt><dd><span className={classes.fixed}>{valueWords(value, undefined, words)}</span></dd></div>)}
      </dl>
      {data && shown.length + strays.length === 0 && <p className={classes.none}>{t(mayWrite ? 'profile.noAttributes' : 'profile.noValues')}</p>}
    </Section>
  );
}
