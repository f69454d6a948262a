import { Button, Modal, NativeSelect, SegmentedControl, Textarea, TextInput } from '@mantine/core';
import { IconBan, IconCircleCheck, IconCircleDashed } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { setConsent } from '../../../api/contacts';
import type { ChannelKind, Consent, ContactDetail, NewConsent } from '../../../api/contactTypes';
import { ChannelIcon } from '../../../ui/ChannelIcon';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { Status } from '../../../ui/Status';
import { When } from '../../../ui/When';
import form from '../contacts.module.css';
import { useContactsAgain } from '../MergeDialog';
import { Section } from './Identity';
import classes from './profile.module.css';
import { REACH_CHANNELS } from './reach';

const SOURCES = ['phone', 'form', 'paper', 'in_person', 'e_mail'] as const;

function ChangeDialog({ contact, channel, purpose, current, onClose }: { contact: ContactDetail; channel: ChannelKind; purpose: string; current: Consent | undefined; onClose: () => void }) {
  const { t } = useTranslation('contacts');
  const again = useContactsAgain();
  const [change, setChange] = useState<Required<NewConsent>>({ channel_kind: channel, purpose, state: current?.state === 'opted_in' ? 'opted_out' : 'opted_in', source: 'phone', proof: '' });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const put = (part: Partial<NewConsent>): void => setChange((old) => ({ ...old, ...part }));
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await setConsent(contact.id, { ...change, purpose: change.purpose.trim() || 'all' });
      again(contact.id);
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={t('consent.change', { channel: t(`common:channel.${channel}`, channel) })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={form.form} onSubmit={(event) => void save(event)}>
        <SegmentedControl fullWidth aria-label={t('consent.state')} value={change.state} onChange={(state) => put({ state: state as NewConsent['state'] })} data={(['opted_in', 'opted_out'] as const).map((value) => ({ value, label: t(`consent.${value}`) }))} />
        <TextInput label={t('consent.purpose')} description={t('consent.purposeHint')} value={change.purpose} maxLength={40} onChange={(event) => put({ purpose: event.currentTarget.value })} />
        <NativeSelect label={t('consent.source')} value={change.source} onChange={(event) => put({ source: event.currentTarget.value })} data={SOURCES.map((value) => ({ value, label: t(`source.${value}`) }))} />
        <Textarea label={t('consent.proof')} description={t('consent.proofHint')} value={change.proof} maxLength={1_000} autosize minRows={2} maxRows={6} dir="auto" onChange={(event) => put({ proof: event.currentTarget.value })} />
        {error !== null && <ProblemAlert error={error} />}
        <div className={form.formActions}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" loading={busy}>{t('action.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}

function Proof({ consent }: { consent: Consent }) {
  const { t } = useTranslation('contacts');
  const source = t(`source.${consent.source}`, consent.source);
  return (
    <div className={classes.proof}>
      {consent.changed_by_name ? t('consent.by', { source, name: consent.changed_by_name }) : source} · <When at={consent.changed_at} />
      {consent.proof && <q dir="auto">{consent.proof}</q>}
    </div>
  );
}

/** What somebody allowed on each channel, with the proof of it. */
export function Consents({ contact, mayWrite }: { contact: ContactDetail; mayWrite: boolean }) {
  const { t } = useTranslation('contacts');
  const [changing, setChanging] = useState<{ channel: ChannelKind; purpose: string; current: Consent | undefined } | null>(null);
  const rows = REACH_CHANNELS.flatMap((channel): { channel: ChannelKind; purpose: string; current: Consent | undefined }[] => {
    const own = contact.consents.filter((consent) => consent.channel_kind === channel);
    const general = own.find((consent) => consent.purpose === 'all');
    return [{ channel, purpose: 'all', current: general }, ...own.filter((consent) => consent.purpose !== 'all').map((current) => ({ channel, purpose: current.purpose, current }))];
  });
  return (
    <Section title={t('profile.consent')}>
      <ul className={classes.list}>
        {rows.map(({ channel, purpose, current }) => (
          <li key={`${channel} ${purpose}`} className={classes.consent}>
            <div className={classes.consentHead}>
              <ChannelIcon kind={channel} size={16} />
              <span>{purpose === 'all' ? t(`common:channel.${channel}`) : t('consent.for', { channel: t(`common:channel.${channel}`), purpose })}</span>
              {current?.state === 'opted_in' && <Status tone="success" icon={<IconCircleCheck size={13} aria-hidden />}>{t('consent.opted_in')}</Status>}
              {current?.state === 'opted_out' && <Status tone="human" icon={<IconBan size={13} aria-hidden />}>{t('consent.opted_out')}</Status>}
              {!current && <Status tone="neutral" icon={<IconCircleDashed size={13} aria-hidden />}>{t('consent.none')}</Status>}
              {mayWrite && <button type="button" className={classes.sectionButton} aria-label={t('consent.change', { channel: t(`common:channel.${channel}`) })} onClick={() => setChanging({ channel, purpose, current })}>{t('consent.edit')}</button>}
            </div>
            {current && <Proof consent={current} />}
          </li>
        ))}
      </ul>
      {changing && <ChangeDialog contact={contact} {...changing} onClose={() => setChanging(null)} />}
    </Section>
  );
}
