import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { asProblem, type Problem } from '../../api/problem';
import type { Me } from '../../api/types';
import { signIn } from '../../api/writes';
import { ProblemAlert } from '../../ui/ProblemAlert';
import classes from './signin.module.css';

const THROTTLED_S = 30;

/** Counts down to 0 from the seconds of the last refusal. */
function useCountdown(problem: Problem | null): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (problem?.status !== 429) return undefined;
    const end = Date.now() + (problem.retryAfterS ?? THROTTLED_S) * 1000;
    const tick = (): void => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [problem]);
  return problem?.status === 429 ? left : 0;
}

function Refusal({ problem, left }: { problem: Problem; left: number }) {
  const { t } = useTranslation('signin');
  if (problem.status === 401 || problem.status === 422 || problem.status === 400) return <div role="alert" className={classes.error}>{t('wrong')}</div>;
  if (problem.status === 403) return <div role="alert" className={classes.error}>{problem.detail ?? t('suspended')}</div>;
  if (problem.status === 429) return left > 0 ? <div role="alert" className={classes.error}>{t('throttled', { count: left })}</div> : null;
  return <ProblemAlert error={problem} />;
}

/** E-mail and password. The words are the same for an unknown e-mail and a wrong password. */
export function SignInForm({ email: known, onSignedIn }: { email?: string; onSignedIn: (me: Me) => void }) {
  const { t } = useTranslation('signin');
  const [email, setEmail] = useState(known ?? '');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const left = useCountdown(problem);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (email.trim() === '' || password === '' || busy || left > 0) return;
    setBusy(true);
    setProblem(null);
    try {
      onSignedIn(await signIn(email.trim(), password));
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)} noValidate>
      <TextInput
        size="md"
        label={t('email')}
        type="email"
        name="email"
        autoComplete="username"
        autoFocus={!known}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={tried && email.trim() === '' ? t('emailMissing') : undefined}
      />
      <PasswordInput
        size="md"
        label={t('password')}
        name="password"
        autoComplete="current-password"
        data-autofocus={known ? true : undefined}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        error={tried && password === '' ? t('passwordMissing') : undefined}
        visibilityToggleButtonProps={{ 'aria-label': t('show') }}
      />
      {problem && <Refusal problem={problem} left={left} />}
      <Button size="md" type="submit" loading={busy} disabled={left > 0} fullWidth>
        {t('submit')}
      </Button>
    </form>
  );
}
