import '@mantine/core/styles/Pill.layer.css';
import '@mantine/core/styles/PillsInput.layer.css';
import { Button, Modal, Select, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './imports.module.css';
import { ATTRIBUTE, isKey, keyFrom, TYPES, type AttributeType } from './mapping';

interface NewAttributeProps { column: string; type: AttributeType; samples: readonly string[]; taken: ReadonlySet<string>; onClose: () => void; onMake: (key: string, create: { type: AttributeType; label: string; choices?: string[] }) => void }

/** An attribute for a column; it is made when the import runs, not before. */
export function NewAttribute({ column, type: guessed, samples, taken, onClose, onMake }: NewAttributeProps) {
  const { t } = useTranslation('imports');
  const [label, setLabel] = useState(column);
  const [own, setOwn] = useState<string | null>(null);
  const [type, setType] = useState<AttributeType>(guessed);
  const [choices, setChoices] = useState<string[]>(() => [...samples]);
  const key = own ?? keyFrom(label);
  const ready = isKey(key) && !taken.has(ATTRIBUTE + key) && label.trim() !== '' && (type !== 'choice' || choices.length > 0);
  const used = taken.has(ATTRIBUTE + key);
  const wrong = key !== '' && !isKey(key) ? t('attribute.keyWrong') : used ? t('attribute.keyTaken') : undefined;
  return (
    <Modal opened onClose={onClose} title={t('attribute.title', { column })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form
        className={classes.dialog}
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onMake(key, type === 'choice' ? { type, label: label.trim(), choices } : { type, label: label.trim() });
        }}
      >
        <TextInput data-autofocus label={t('attribute.label')} value={label} maxLength={80} onChange={(event) => setLabel(event.currentTarget.value)} />
        <TextInput label={t('attribute.key')} description={t('attribute.keyHint')} dir="ltr" value={key} error={wrong} onChange={(event) => setOwn(event.currentTarget.value.trim())} />
        <Select label={t('attribute.type')} description={t(`attribute.about.${type}`)} data={TYPES.map((value) => ({ value, label: t(`types.${value}`) }))} value={type} allowDeselect={false} onChange={(value) => value && setType(value as AttributeType)} />
        {type === 'choice' && <TagsInput label={t('attribute.choices')} description={t('attribute.choicesHint')} value={choices} splitChars={[',', ';']} onChange={setChoices} />}
        <div className={classes.dialogActions}>
          <Button variant="default" onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" disabled={!ready}>{t('attribute.do')}</Button>
        </div>
      </form>
    </Modal>
  );
}
