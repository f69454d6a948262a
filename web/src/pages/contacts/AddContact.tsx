import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { createContact } from '../../api/contacts';
import { keys } from '../../api/keys';
import { asProblem, type Problem } from '../../api/problem';
import { CheckBox } from '../../ui/CheckBox';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import classes from './contacts.module.css';
import { LANGUAGES } from './FilterBar';
import { TagField } from '../../ui/TagField';
import { languageName } from './words';

const fieldOf = (problem: Problem | null, name: string): string | undefined => problem?.fields.find(({ pointer }) => pointer.split('/').includes(name))?.detail;

/** One person by hand. The number decides who it is: a known one is opened instead of made twice. */
export function AddContact({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const navigate = useNavigate();
  const first = useRef<HTMLInputElement>(null);
  const [name, setName] = useState('');
  const [phone, setPhone] = useState('');
  const [language, setLanguage] = useState('');
  const [tags, setTags] = useState<string[]>([]);
  const [another, setAnother] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const contact = await createContact({ phone: phone.trim(), name: name.trim(), language, tags, attributes: {}, consent_source: 'hand' });
      client.setQueryData(keys.contact(contact.id), contact);
      onAdded();
      void client.invalidateQueries({ queryKey: keys.contactCounts });
      toast(t('add.done', { name: contact.name || contact.phone }));
      if (!another) {
        onClose();
        await navigate({ to: '/contacts/$contactId', params: { contactId: contact.id } });
        return;
      }
      setName('');
      setPhone('');
      first.current?.focus();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  const told = ['phone', 'name', 'language', 'tags'].some((field) => fieldOf(problem, field));
  return (
    <Modal opened onClose={onClose} title={t('add.title')} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={classes.form} onSubmit={(event) => void save(event)} noValidate>
        <TextInput ref={first} data-autofocus label={t('column.name')} value={name} error={fieldOf(problem, 'name')} maxLength={200} dir="auto" onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput label={t('column.number')} description={t('add.numberHint')} value={phone} required withAsterisk={false} error={fieldOf(problem, 'phone')} type="tel" dir="ltr" onChange={(event) => setPhone(event.currentTarget.value)} />
        <NativeSelect label={t('column.language')} value={language} error={fieldOf(problem, 'language')} onChange={(event) => setLanguage(event.currentTarget.value)}
          data={[{ value: '', label: t('add.unknown') }, ...LANGUAGES.map((value) => ({ value, label: languageName(value) })).toSorted((a, b) => a.label.localeCompare(b.label))]} />
        <TagField label={t('column.tags')} value={tags} onChange={setTags} />
        {problem && !told && <ProblemAlert error={problem} />}
        <div className={classes.formActions}>
          <span className={classes.another}><CheckBox checked={another} onChange={setAnother}>{t('add.another')}</CheckBox></span>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" loading={busy} disabled={phone.trim() === ''}>{t('add.save')}</Button>
        </div>
      </form>
    </Modal>
  );
}
