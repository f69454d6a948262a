import { useQueryClient } from '@tanstack/react-query';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { addTag, removeTag } from '../../../api/contacts';
import type { ContactDetail } from '../../../api/contactTypes';
import { keys } from '../../../api/keys';
import { toastProblem } from '../../../ui/toast';
import { useContactsAgain } from '../MergeDialog';
import { TagField } from '../../../ui/TagField';
import { Section } from './Identity';
import classes from './profile.module.css';

/** Tags, shown at once and taken back when refused. */
export function Tags({ contact, mayWrite, opened, onOpened }: { contact: ContactDetail; mayWrite: boolean; opened: boolean; onOpened: (open: boolean) => void }) {
  const { t } = useTranslation('contacts');
  const client = useQueryClient();
  const again = useContactsAgain();
  const [adding, setAdding] = useState<string[]>([]);
  const show = (tags: string[]): void => void client.setQueryData<ContactDetail>(keys.contact(contact.id), (old) => old && { ...old, tags });
  const change = async (tags: string[], call: () => Promise<unknown>): Promise<void> => {
    const before = contact.tags;
    show(tags);
    try {
      await call();
    } catch (error) {
      show(before);
      toastProblem(t, t('tags.failed'), error);
    }
    again(contact.id);
  };
  const add = (tags: string[]): void => {
    const tag = tags.at(-1);
    setAdding([]);
    if (tag && !contact.tags.includes(tag)) void change([...contact.tags, tag].toSorted(), () => addTag(contact.id, tag));
  };
  return (
    <Section title={t('profile.tags')} action={mayWrite && !opened && <button type="button" className={classes.sectionButton} onClick={() => onOpened(true)}><IconPlus size={15} aria-hidden />{t('action.addOne')}</button>}>
      <ul className={classes.tags}>
        {contact.tags.map((tag) => (
          <li key={tag} data-removable={mayWrite || undefined}>
            <bdi>{tag}</bdi>
            {mayWrite && <button type="button" aria-label={t('common:tags.remove', { tag })} onClick={() => void change(contact.tags.filter((other) => other !== tag), () => removeTag(contact.id, tag))}><IconX size={13} aria-hidden /></button>}
          </li>
        ))}
        {contact.tags.length === 0 && !opened && <li className={classes.none}>{t('tags.none')}</li>}
      </ul>
      {opened && <TagField label={t('common:tags.add')} hideLabel autoFocus value={adding} onChange={add} onEscape={() => onOpened(false)} />}
    </Section>
  );
}
