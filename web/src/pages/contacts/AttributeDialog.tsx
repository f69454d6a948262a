import { Button, Modal, Switch, Textarea, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { createAttribute, patchAttribute } from '../../api/contacts';
import type { Attribute } from '../../api/contactTypes';
import { keys } from '../../api/keys';
import { asProblem, type Problem } from '../../api/problem';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { toast } from '../../ui/toast';
import classes from './admin.module.css';
import { choicesOf, keyOf } from './attributeKey';
import { TYPE_ICONS } from './AttributesPage';
import form from './contacts.module.css';

const TYPES = ['text', 'number', 'boolean', 'date', 'choice'] as const;

function TypeChoice({ value, onChange }: { value: Attribute['type']; onChange: (type: Attribute['type']) => void }) {
  const { t } = useTranslation('contacts');
  return (
    <fieldset className={classes.types}>
      <legend>{t('attribute.type')}</legend>
      {TYPES.map((type) => {
        const Glyph = TYPE_ICONS[type];
        return (
          <label key={type} data-on={value === type || undefined}>
            <input type="radio" name="type" checked={value === type} onChange={() => onChange(type)} />
            <Glyph size={18} stroke={1.75} aria-hidden />
            <span><strong>{t(`type.${type}`)}</strong><small>{t(`typeHint.${type}`)}</small></span>
          </label>
        );
      })}
    </fieldset>
  );
}

const told = (problem: Problem | null, name: string): string | undefined => problem?.fields.find(({ pointer }) => pointer.split('/')[1] === name)?.detail;

/** A new attribute, or a known one: its key and type stay as they are, because values hang on them. */
export function AttributeDialog({ attribute, onClose }: { attribute: Attribute | null; onClose: () => void }) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const [label, setLabel] = useState(attribute?.label ?? '');
  const [ownKey, setOwnKey] = useState<string | null>(null);
  const [type, setType] = useState<Attribute['type']>(attribute?.type ?? 'text');
  const [choices, setChoices] = useState((attribute?.choices ?? []).join('\n'));
  const [indexed, setIndexed] = useState(attribute?.indexed ?? false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const key = attribute?.key ?? ownKey ?? keyOf(label);
  const list = choicesOf(choices);
  const ready = label.trim() !== '' && key !== '' && (type !== 'choice' || list.length > 0);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    setProblem(null);
    const common = { label: label.trim(), choices: type === 'choice' ? list : [], indexed };
    try {
      await (attribute ? patchAttribute(attribute.id, attribute.version, common) : createAttribute({ key, type, ...common }));
      await client.invalidateQueries({ queryKey: keys.attributes });
      toast(t(attribute ? 'attribute.saved' : 'attribute.added', { name: common.label }));
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const shownBeside = ['label', 'key', 'choices'].some((name) => told(problem, name));
  return (
    <Modal opened onClose={onClose} size="lg" title={t(attribute ? 'attribute.editTitle' : 'attribute.add', { name: attribute?.label })} closeButtonProps={{ 'aria-label': t('common:action.close') }}>
      <form className={form.form} onSubmit={(event) => void save(event)}>
        <TextInput data-autofocus label={t('attribute.label')} value={label} maxLength={80} error={told(problem, 'label')} onChange={(event) => setLabel(event.currentTarget.value)} />
        {attribute ? <p className={classes.fixed}>{t('attribute.fixed', { key: attribute.key, type: t(`type.${attribute.type}`) })}</p> : (
          <>
            <TextInput label={t('attribute.key')} description={t('attribute.keyHint')} value={key} maxLength={63} dir="ltr" error={told(problem, 'key')} onChange={(event) => setOwnKey(event.currentTarget.value)} />
            <TypeChoice value={type} onChange={setType} />
          </>
        )}
        {type === 'choice' && <Textarea label={t('attribute.choices')} description={t(attribute ? 'attribute.choicesEdit' : 'attribute.choicesHint')} value={choices} autosize minRows={3} maxRows={10} error={told(problem, 'choices')} onChange={(event) => setChoices(event.currentTarget.value)} />}
        <Switch size="md" label={t('attribute.indexedLabel')} description={t('attribute.indexedHint')} checked={indexed} onChange={(event) => setIndexed(event.currentTarget.checked)} />
        {problem && !shownBeside && <ProblemAlert error={problem} />}
        <div className={form.formActions}>
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button type="submit" loading={busy} disabled={!ready}>{t(attribute ? 'action.save' : 'attribute.add')}</Button>
        </div>
      </form>
    </Modal>
  );
}
