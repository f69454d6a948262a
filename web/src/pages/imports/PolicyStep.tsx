import '@mantine/core/styles/Pill.layer.css';
import '@mantine/core/styles/PillsInput.layer.css';
import { Button, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { IconArrowRight } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { tagsQuery } from '../../api/contacts';
import { checkImport, importQuery } from '../../api/imports';
import type { Import, ImportConsent, ImportOptions } from '../../api/types';
import { ProblemAlert } from '../../ui/ProblemAlert';
import classes from './imports.module.css';
import { useOptions, type Options } from './useOptions';

const POLICIES = ['update', 'merge', 'create', 'skip'] as const;
const CHANNELS = ['sms', 'whatsapp', 'rcs', 'voice'] as const;
const NO_CONSENT: ImportConsent = { channels: ['sms'], state: 'opted_in', source: '', proof: '' };

function Policy({ options }: { options: Options }) {
  const { t } = useTranslation('imports');
  return (
    <fieldset className={classes.policies}>
      <legend>{t('policy.question')}</legend>
      {POLICIES.map((policy) => (
        <label key={policy} htmlFor={`policy-${policy}`} className={classes.policy} data-chosen={options.value.policy === policy || undefined}>
          <input id={`policy-${policy}`} aria-labelledby={`policy-${policy}-title`} aria-describedby={`policy-${policy}-text`} type="radio" name="policy" value={policy} checked={options.value.policy === policy} onChange={() => options.set({ policy })} />
          <span>
            <strong id={`policy-${policy}-title`}>{t(`policy.${policy}.title`)}</strong>
            <small id={`policy-${policy}-text`}>{t(`policy.${policy}.text`)}</small>
          </span>
        </label>
      ))}
      <p className={classes.note}>{t('policy.always')}</p>
    </fieldset>
  );
}

function Consent({ options }: { options: Options }) {
  const { t } = useTranslation('imports');
  const consent = options.value.consent;
  const set = (change: Partial<ImportConsent>): void => options.set({ consent: { ...(consent ?? NO_CONSENT), ...change } });
  const toggle = (kind: (typeof CHANNELS)[number]): void => {
    const channels = consent?.channels ?? [];
    set({ channels: channels.includes(kind) ? channels.filter((one) => one !== kind) : [...channels, kind] });
  };
  const wrong = (name: string): string | undefined => options.problem?.fields.find((field) => field.pointer === `/consent/${name}`)?.detail;
  return (
    <fieldset className={classes.consent}>
      <legend>{t('consent.title')}</legend>
      <Switch size="md" label={t('consent.given')} checked={consent !== null} onChange={(event) => options.set({ consent: event.currentTarget.checked ? NO_CONSENT : null })} />
      <p className={classes.note}>{t(consent ? 'consent.givenText' : 'consent.notGivenText')}</p>
      {consent && (
        <>
          <div className={classes.channelBoxes} role="group" aria-label={t('consent.channels')}>
            {CHANNELS.map((kind) => (
              <label key={kind} className={classes.channelBox}>
                <input type="checkbox" checked={consent.channels.includes(kind)} onChange={() => toggle(kind)} />
                {t(`common:channel.${kind}`)}
              </label>
            ))}
          </div>
          {consent.channels.length === 0 && <p className={classes.refused}>{t('consent.noChannel')}</p>}
          <TextInput required withAsterisk={false} label={t('consent.source')} description={t('consent.sourceHint')} placeholder={t('consent.sourcePlaceholder')} value={consent.source} error={wrong('source')} maxLength={200} onChange={(event) => set({ source: event.currentTarget.value })} />
          <Textarea label={t('consent.proof')} description={t('consent.proofHint')} autosize minRows={2} maxLength={1000} value={consent.proof} error={wrong('proof')} onChange={(event) => set({ proof: event.currentTarget.value })} />
        </>
      )}
    </fieldset>
  );
}

/** A consent that is not complete is not sent: the step says what is missing. */
const consentReady = ({ consent }: ImportOptions): boolean => consent === null || (consent.channels.length > 0 && consent.source.trim() !== '');

/** What happens to people who exist, what they agreed to, and how to find them again. */
export function PolicyStep({ row }: { row: Import }) {
  const { t } = useTranslation('imports');
  const client = useQueryClient();
  const navigate = useNavigate();
  const options = useOptions(row, consentReady);
  const { data: tags } = useQuery(tagsQuery);
  const ready = consentReady(options.value);
  // Only a press on the button makes it wait: a save in the background that blocked it would swallow the click.
  const [leaving, setLeaving] = useState(false);
  const check = useMutation({
    mutationFn: () => checkImport(row.id),
    onSuccess: async (saved) => {
      client.setQueryData(importQuery(row.id).queryKey, saved);
      await navigate({ to: '/imports/$importId', params: { importId: row.id }, search: { step: 'check' } });
    },
  });
  const back = async (): Promise<void> => {
    if (!ready || (await options.flush())) await navigate({ to: '/imports/$importId', params: { importId: row.id }, search: { step: 'columns' } });
  };
  const next = async (): Promise<void> => {
    setLeaving(true);
    if (await options.flush()) check.mutate();
    setLeaving(false);
  };
  const shownAtField = options.problem?.fields.some((field) => field.pointer.startsWith('/consent/'));
  return (
    <section className={`surface ${classes.panel}`} aria-labelledby="import-policy">
      <h2 id="import-policy" className={classes.panelTitle}>{t('policy.title')}</h2>
      <div className={classes.twoColumns}>
        <Policy options={options} />
        <div className={classes.stack}>
          <Consent options={options} />
          <TagsInput
            label={t('policy.tags')}
            description={t('policy.tagsHint')}
            data={tags?.items.map((one) => one.tag) ?? []}
            value={options.value.tags}
            splitChars={[',', ';']}
            maxTags={50}
            comboboxProps={{ position: 'top-start' }}
            onChange={(next) => options.set({ tags: next })}
          />
        </div>
      </div>
      {options.problem && !shownAtField && <ProblemAlert error={options.problem} onRetry={() => void options.flush()} />}
      {check.error && <ProblemAlert error={check.error} />}
      <div className={classes.footer}>
        <Button variant="default" onClick={() => void back()}>{t('common:action.back')}</Button>
        <Button rightSection={<IconArrowRight size={16} aria-hidden className={classes.arrow} />} disabled={!ready} loading={leaving || check.isPending} onClick={() => void next()}>{t('policy.next')}</Button>
      </div>
    </section>
  );
}
