import { Button } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './thread.module.css';

/** What somebody had typed when they lost the right to answer: it is theirs to copy. */
export default function Withdrawn({ text, onDiscard }: { text: string; onDiscard: () => void }) {
  const { t } = useTranslation('inbox');
  return (
    <div className={classes.handedOn} role="alert">
      <IconLock size={15} aria-hidden />
      <span className={classes.backText}>{t('withdrawn.text')} <q dir="auto">{text}</q></span>
      <Button variant="default" size="compact-sm" onClick={() => void navigator.clipboard.writeText(text)}>{t('withdrawn.copy')}</Button>
      <Button variant="default" size="compact-sm" onClick={onDiscard}>{t('thread.discard')}</Button>
    </div>
  );
}
