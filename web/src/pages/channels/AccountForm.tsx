import { ActionIcon, Button, NativeSelect, PasswordInput, Textarea, TextInput } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { asProblem, type Problem } from '../../api/problem';
import classes from './channels.module.css';
import { CopyLine } from './CopyLine';
import { fieldsOf, fromKeyFile, isSecret, madeUp, type Field, type Provider, type Values } from './providers';

/** The API's word on one field. */
export const told = (problem: Problem | null, name: string): string | undefined =>
  problem?.fields.find((field) => field.pointer === `/${name}` || field.pointer === `/account/${name}`)?.detail;

/** Whether every complaint of a problem stands beside one of these fields. */
export function isBeside(problem: Problem, names: readonly string[]): boolean {
  return problem.fields.length > 0 && problem.fields.every((field) => names.some((name) => field.pointer === `/${name}`));
}

export const problemOf = (error: unknown): Problem | null => (error === null ? null : asProblem(error));

interface Props { provider: Provider; values: Values; onChange: (values: Values) => void; problem: Problem | null; editing: boolean }

function Input({ provider, field, value, onValue, error, editing }: { provider: Provider; field: Field; value: string; onValue: (value: string) => void; error: string | undefined; editing: boolean }) {
  const { t } = useTranslation('channels');
  const secret = isSecret(field);
  const common = {
    label: t(`field.${field.name}`),
    description: t(`hint.${provider}.${field.name}`, ''),
    placeholder: editing && secret ? t('form.unchanged') : undefined,
    value, error, dir: 'ltr' as const, withAsterisk: !field.optional && !(editing && secret),
    autoComplete: 'off',
  };
  switch (field.kind) {
    case 'choice': return <NativeSelect {...common} dir={undefined} data={(field.choices ?? []).map((choice) => ({ value: choice, label: t(`choice.${choice}`) }))} onChange={(event) => onValue(event.currentTarget.value)} />;
    case 'pem': return <Textarea {...common} autosize minRows={3} maxRows={6} spellCheck={false} classNames={{ input: classes.pem }} onChange={(event) => onValue(event.currentTarget.value)} />;
    case 'secret': return field.made
      ? <TextInput {...common} rightSection={<ActionIcon variant="subtle" size={28} aria-label={t('form.makeUp')} onClick={() => onValue(madeUp())}><IconRefresh size={16} aria-hidden /></ActionIcon>} onChange={(event) => onValue(event.currentTarget.value)} />
      : <PasswordInput {...common} autoComplete="new-password" visibilityToggleButtonProps={{ 'aria-label': t('form.show'), size: 28 }} onChange={(event) => onValue(event.currentTarget.value)} />;
    default: return <TextInput {...common} inputMode={field.kind === 'number' ? 'numeric' : undefined} onChange={(event) => onValue(event.currentTarget.value)} />;
  }
}

/** A key file is chosen instead of typing its three fields. */
function KeyFile({ onValues }: { onValues: (values: Values) => void }) {
  const { t } = useTranslation('channels');
  const read = async (file: File | undefined): Promise<void> => {
    const values = file ? fromKeyFile(await file.text()) : null;
    if (values) onValues(values);
  };
  return (
    <Button component="label" variant="default" className={classes.keyFile}>
      {t('form.keyFile')}
      <input type="file" accept="application/json,.json" className="visually-hidden" onChange={(event) => void read(event.currentTarget.files?.[0])} />
    </Button>
  );
}

/** The fields of one provider's account, from its typed list; what the API finds wrong stands beside its field. */
export function AccountFields({ provider, values, onChange, problem, editing }: Props) {
  const { t } = useTranslation('channels');
  return (
    <>
      {provider === 'google_rcs' && <KeyFile onValues={(found) => onChange({ ...values, ...found })} />}
      {fieldsOf(provider).map((field) => (editing && field.fixed
        ? <CopyLine key={field.name} label={t(`field.${field.name}`)} value={values[field.name] ?? ''} />
        : <Input key={field.name} provider={provider} field={field} value={values[field.name] ?? ''} error={told(problem, field.name)} editing={editing} onValue={(value) => onChange({ ...values, [field.name]: value })} />))}
    </>
  );
}
