import { useTranslation } from 'react-i18next';
import type { ProviderAccount } from '../../api/types';
import { CopyLine } from './CopyLine';
import classes from './channels.module.css';

/** What is entered at the provider so that its news arrives here; `word`: what it asks for beside the address. */
export function Webhooks({ account, word }: { account: ProviderAccount; word?: { name: string; value: string } | undefined }) {
  const { t } = useTranslation('channels');
  if (account.webhooks.length === 0) return null;
  return (
    <div className={classes.copies}>
      {account.webhooks.map((hook) => <CopyLine key={hook.url} label={t(`webhook.${hook.purpose}`)} value={hook.url} />)}
      {word && <CopyLine label={t(`field.${word.name}`)} value={word.value} />}
    </div>
  );
}
