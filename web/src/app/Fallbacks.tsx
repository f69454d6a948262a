import { Button } from '@mantine/core';
import { IconLock, IconMoodPuzzled } from '@tabler/icons-react';
import { Link, useRouter, type ErrorComponentProps } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../ui/EmptyState';
import { ProblemAlert } from '../ui/ProblemAlert';
import classes from './shell.module.css';

export function Missing() {
  const { t } = useTranslation();
  return (
    <main className={classes.fallback}>
      <EmptyState icon={IconMoodPuzzled} title={t('page.missing')} text={t('page.missingText')} action={<Button component={Link} to="/">{t('page.home')}</Button>} />
    </main>
  );
}

export function Denied() {
  const { t } = useTranslation();
  return <EmptyState icon={IconLock} title={t('page.denied')} text={t('page.deniedText')} />;
}

export function Crash({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const retry = (): void => {
    reset();
    void router.invalidate();
  };
  return (
    <main className={classes.fallback}>
      <div className={classes.fallbackBox}>
        <ProblemAlert error={error} onRetry={retry} />
      </div>
    </main>
  );
}
