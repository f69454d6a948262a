import { IconAlertCircle, IconPencil } from '@tabler/icons-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContactDetail } from '../../../api/contactTypes';
import { differs, parseValue, readField, type FieldName, type FieldValue } from './edits';
import classes from './profile.module.css';
import type { Edit } from './useEdit';

export interface FieldKind { type: 'text' | 'number' | 'boolean' | 'date' | 'choice'; choices?: { value: string; label: string }[]; charsMax?: number }

interface Props {
  contact: ContactDetail;
  field: FieldName;
  label: string;
  kind: FieldKind;
  shown: ReactNode;
  edit: Edit;
  mayWrite: boolean;
  /** Opens the editor at once, as by a key. */
  started?: boolean;
  className?: string | undefined;
}

const startText = (value: FieldValue): string => (value === null ? '' : String(value));

interface EditorProps { id: string; label: string; kind: FieldKind; text: string; setText: (text: string) => void; wrong: boolean; onCommit: (text?: string) => void; onCancel: () => void }

function Editor({ id, label, kind, text, setText, wrong, onCommit, onCancel }: EditorProps) {
  const { t } = useTranslation('contacts');
  const field = useRef<HTMLInputElement & HTMLSelectElement>(null);
  useEffect(() => {
    field.current?.focus();
    if (kind.type === 'text' || kind.type === 'number') field.current?.select();
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) onCommit();
    else if (event.key === 'Escape') onCancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const common = { ref: field, id, 'aria-label': label, value: text, 'aria-invalid': wrong || undefined, className: classes.input, onKeyDown, onBlur: () => onCommit() };
  if (kind.type === 'boolean' || kind.type === 'choice') {
    const choices = kind.type === 'boolean' ? [{ value: 'true', label: t('value.yes') }, { value: 'false', label: t('value.no') }] : (kind.choices ?? []);
    return (
      <select {...common} onChange={(event) => setText(event.currentTarget.value)}>
        <option value="">{t('value.none')}</option>
        {choices.map(({ value, label: name }) => <option key={value} value={value}>{name}</option>)}
        {text !== '' && !choices.some((choice) => choice.value === text) && <option value={text}>{text}</option>}
      </select>
    );
  }
  return (
    <input {...common} type={kind.type === 'date' ? 'date' : 'text'} inputMode={kind.type === 'number' ? 'decimal' : undefined} dir={kind.type === 'text' ? 'auto' : undefined}
      maxLength={kind.charsMax ?? 1_000} onChange={(event) => setText(event.currentTarget.value)} />
  );
}

/** A value that turns into its editor when pressed. Enter and leaving save, Escape gives it up. */
export function Field({ contact, field, label, kind, shown, edit, mayWrite, started = false, className }: Props) {
  const { t } = useTranslation('contacts');
  const [base, setBase] = useState<ContactDetail | null>(started ? contact : null);
  const [text, setText] = useState(startText(readField(contact, field)));
  const [wrong, setWrong] = useState(false);
  const [busy, setBusy] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const open = (): void => {
    setText(startText(readField(contact, field)));
    setWrong(false);
    setBase(contact);
  };
  const close = (refocus: boolean): void => {
    setBase(null);
    setBusy(false);
    if (refocus) requestAnimationFrame(() => button.current?.focus());
  };
  const commit = (): void => {
    if (!base || busy) return;
    const value = parseValue(text, kind.type);
    if (value === undefined) {
      setWrong(true);
      return;
    }
    const focused = document.activeElement?.id === id;
    if (!differs(value, readField(base, field))) {
      close(focused);
      return;
    }
    setBusy(true);
    void edit.save(base, { field, value }, label).then((saved) => (saved ? close(focused) : setBusy(false)));
  };
  if (base) {
    return (
      <span className={className} data-busy={busy || undefined}>
        <Editor id={id} label={label} kind={kind} text={text} setText={(next) => {
          setText(next);
          setWrong(false);
        }} wrong={wrong} onCommit={commit} onCancel={() => close(true)} />
        {wrong && <span className={classes.wrong} role="alert"><IconAlertCircle size={14} aria-hidden />{t('edit.wrong', { context: kind.type })}</span>}
      </span>
    );
  }
  const empty = shown === null || shown === '' || shown === undefined;
  if (!mayWrite) return <span className={className}>{empty ? <span className={classes.none}>{t('value.none')}</span> : shown}</span>;
  return (
    <button ref={button} type="button" className={`${classes.value} ${className ?? ''}`} onClick={open} title={t('edit.edit', { name: label })}>
      <span>{empty ? <span className={classes.none}>{t('edit.add')}</span> : shown}</span>
      <IconPencil size={14} aria-hidden />
      <span className="visually-hidden">{t('edit.edit', { name: label })}</span>
    </button>
  );
}
