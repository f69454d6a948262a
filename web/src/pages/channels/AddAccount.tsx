import { Button, Modal, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type Icon, IconBrandGoogle, IconBrandMeta, IconMessage, IconPhone, IconServer } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { checkAccount, createAccount } from '../../api/channels';
import { keys } from '../../api/keys';
import type { ProviderAccount } from '../../api/types';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { AccountFields, isBeside, problemOf, told } from './AccountForm';
import classes from './channels.module.css';
import { CheckResult } from './CheckResult';
import { NumberForm } from './NumberForm';
import { fieldsOf, firstValues, isComplete, newBody, PROVIDERS, type Provider, type Values } from './providers';
import { Webhooks } from './Webhooks';

const ICONS: Record<Provider, Icon> = { twilio: IconMessage, whatsapp_cloud: IconBrandMeta, google_rcs: IconBrandGoogle, sip: IconPhone, smpp: IconServer };

function Choose({ onChoose }: { onChoose: (provider: Provider) => void }) {
  const { t } = useTranslation('channels');
  return (
    <div className={classes.providers}>
      {PROVIDERS.map((provider) => {
        const Glyph = ICONS[provider];
        return (
          <button key={provider} type="button" className={classes.provider} onClick={() => onChoose(provider)}>
            <Glyph size={24} stroke={1.5} aria-hidden />
            <span><strong>{t(`provider.${provider}`)}</strong><small>{t(`providerText.${provider}`)}</small></span>
          </button>
        );
      })}
    </div>
  );
}

function Credentials({ provider, onBack, onDone }: { provider: Provider; onBack: () => void; onDone: (account: ProviderAccount, values: Values) => void }) {
  const { t } = useTranslation('channels');
  const client = useQueryClient();
  const [name, setName] = useState(t(`provider.${provider}`));
  const [baseUrl, setBaseUrl] = useState('');
  const [values, setValues] = useState<Values>(() => firstValues(provider));
  const save = useMutation({
    mutationFn: () => createAccount(newBody(provider, name, baseUrl, values)),
    onSuccess: async (account) => {
      await client.invalidateQueries({ queryKey: keys.accounts });
      onDone(account, values);
    },
  });
  const problem = problemOf(save.error);
  const names = ['name', 'base_url', ...fieldsOf(provider).map((field) => field.name)];
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className={classes.form} onSubmit={submit} autoComplete="off">
      <TextInput data-autofocus label={t('field.name')} description={t('hint.name')} value={name} maxLength={80} error={told(problem, 'name')} onChange={(event) => setName(event.currentTarget.value)} />
      <AccountFields provider={provider} values={values} onChange={setValues} problem={problem} editing={false} />
      {provider !== 'sip' && provider !== 'smpp' && (
        <details className={classes.more} open={told(problem, 'base_url') !== undefined || undefined}>
          <summary>{t('form.advanced')}</summary>
          <TextInput label={t('field.base_url')} description={t('hint.base_url')} dir="ltr" value={baseUrl} error={told(problem, 'base_url')} onChange={(event) => setBaseUrl(event.currentTarget.value)} />
        </details>
      )}
      {problem && !isBeside(problem, names) && <ProblemAlert error={problem} />}
      <p className={classes.hint}>{t('form.secretsNote')}</p>
      <div className={classes.actions}>
        <Button variant="default" onClick={onBack}>{t('common:action.back')}</Button>
        <Button type="submit" loading={save.isPending} disabled={name.trim() === '' || !isComplete(provider, values)}>{t('wizard.save')}</Button>
      </div>
    </form>
  );
}

function Prove({ account, values, onNext }: { account: ProviderAccount; values: Values; onNext: () => void }) {
  const { t } = useTranslation('channels');
  const check = useMutation({ mutationFn: () => checkAccount(account.id) });
  const made = fieldsOf(account.provider as Provider).find((field) => field.made);
  return (
    <div className={classes.form}>
      <p className={classes.lead}>{t(account.webhooks.length > 0 ? 'wizard.enterWebhooks' : 'wizard.noWebhooks')}</p>
      <Webhooks account={account} word={made && { name: made.name, value: values[made.name] ?? '' }} />
      {check.data && <CheckResult found={check.data} />}
      {check.error && <ProblemAlert error={check.error} onRetry={() => check.mutate()} />}
      <div className={classes.actions}>
        <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>{t('check.run')}</Button>
        <Button onClick={onNext}>{t('wizard.next')}</Button>
      </div>
    </div>
  );
}

type Step = { at: 'choose' } | { at: 'credentials'; provider: Provider } | { at: 'check'; account: ProviderAccount; values: Values } | { at: 'number'; account: ProviderAccount };
const ORDER: Step['at'][] = ['choose', 'credentials', 'check', 'number'];

/** Provider → credentials → webhook and check → first number. The account is there from the second step on. */
export function AddAccount({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('channels');
  const [step, setStep] = useState<Step>({ at: 'choose' });
  return (
    <Modal opened onClose={onClose} size="lg" title={t('wizard.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <ol className={classes.wizard}>
        {ORDER.map((name) => <li key={name} aria-current={name === step.at ? 'step' : undefined} data-done={ORDER.indexOf(name) < ORDER.indexOf(step.at) || undefined}>{t(`wizard.step.${name}`)}</li>)}
      </ol>
      {step.at === 'choose' && <Choose onChoose={(provider) => setStep({ at: 'credentials', provider })} />}
      {step.at === 'credentials' && <Credentials provider={step.provider} onBack={() => setStep({ at: 'choose' })} onDone={(account, values) => setStep({ at: 'check', account, values })} />}
      {step.at === 'check' && <Prove account={step.account} values={step.values} onNext={() => setStep({ at: 'number', account: step.account })} />}
      {step.at === 'number' && <NumberForm account={step.account} onDone={onClose} onCancel={onClose} later />}
    </Modal>
  );
}
