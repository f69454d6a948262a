import { Button, Menu, NativeSelect, TextInput } from '@mantine/core';
import { IconBan, IconCheck, IconDots, IconPhone, IconPlus, IconStar, IconTrash, IconBrandWhatsapp, IconMessage2Bolt, IconHeadset, type Icon } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { addAddress, makePrimary, removeAddress } from '../../../api/contacts';
import type { Address, ContactDetail } from '../../../api/contactTypes';
import { ProblemAlert } from '../../../ui/ProblemAlert';
import { toastProblem, toastUndo } from '../../../ui/toast';
import { useContactsAgain } from '../MergeDialog';
import { Section } from './Identity';
import classes from './profile.module.css';
import { reachOf } from './reach';

const ICONS: Record<string, Icon> = { phone: IconPhone, whatsapp: IconBrandWhatsapp, rcs: IconMessage2Bolt, sip: IconHeadset };
export const ADDRESS_KINDS = ['phone', 'whatsapp', 'rcs', 'sip'] as const;

function AddForm({ contact, onClose }: { contact: ContactDetail; onClose: () => void }) {
  const { t } = useTranslation('contacts');
  const again = useContactsAgain();
  const [kind, setKind] = useState('phone');
  const [address, setAddress] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await addAddress(contact.id, kind, address.trim());
      again(contact.id);
      onClose();
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };
  return (
    <form className={classes.addForm} onSubmit={(event) => void save(event)}>
      <NativeSelect aria-label={t('address.kind')} value={kind} onChange={(event) => setKind(event.currentTarget.value)} data={ADDRESS_KINDS.map((value) => ({ value, label: t(`address.${value}`) }))} />
      <TextInput data-autofocus autoFocus aria-label={t('address.address')} placeholder={t(kind === 'sip' ? 'address.sipHint' : 'address.numberHint')} dir="ltr" value={address} onChange={(event) => setAddress(event.currentTarget.value)} onKeyDown={(event) => event.key === 'Escape' && onClose()} />
      {error !== null && <div className={classes.wide}><ProblemAlert error={error} /></div>}
      <div className={`${classes.wide} ${classes.formActions}`}>
        <Button size="xs" variant="default" onClick={onClose}>{t('action.cancel')}</Button>
        <Button size="xs" type="submit" loading={busy} disabled={address.trim() === ''}>{t('address.save')}</Button>
      </div>
    </form>
  );
}

function Row({ contact, address, mayWrite, several }: { contact: ContactDetail; address: Address; mayWrite: boolean; several: boolean }) {
  const { t } = useTranslation('contacts');
  const again = useContactsAgain();
  const Glyph = ICONS[address.kind] ?? IconPhone;
  const primary = (): void => void makePrimary(contact.id, address.kind, address.address).then(() => again(contact.id), (error: unknown) => toastProblem(t, t('address.failed'), error));
  const remove = async (): Promise<void> => {
    try {
      await removeAddress(contact.id, address.kind, address.address);
      again(contact.id);
      toastUndo(t('address.removed', { address: address.address }), () => void addAddress(contact.id, address.kind, address.address).then(() => again(contact.id), (error: unknown) => toastProblem(t, t('address.failed'), error)));
    } catch (error) {
      toastProblem(t, t('address.failed'), error);
    }
  };
  return (
    <li className={classes.address}>
      <Glyph size={16} stroke={1.75} role="img" aria-label={t(`address.${address.kind}`, address.kind)} />
      <span dir="ltr" className={classes.addressText}>{address.address}</span>
      {address.primary && several && <span className={classes.badge}>{t('address.primary')}</span>}
      {mayWrite && (
        <Menu position="bottom-end" width={200}>
          <Menu.Target><button type="button" className={classes.iconButton} aria-label={t('address.more', { address: address.address })}><IconDots size={16} aria-hidden /></button></Menu.Target>
          <Menu.Dropdown>
            {!address.primary && <Menu.Item leftSection={<IconStar size={16} aria-hidden />} onClick={primary}>{t('address.makePrimary')}</Menu.Item>}
            <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={() => void remove()}>{t('address.remove')}</Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
    </li>
  );
}

/** How somebody can be reached: the addresses, and what each channel may be used for. */
export function Addresses({ contact, mayWrite }: { contact: ContactDetail; mayWrite: boolean }) {
  const { t } = useTranslation('contacts');
  const [adding, setAdding] = useState(false);
  const several = (kind: string): boolean => contact.addresses.filter((address) => address.kind === kind).length > 1;
  return (
    <Section title={t('profile.addresses')} action={mayWrite && !adding && <button type="button" className={classes.sectionButton} onClick={() => setAdding(true)}><IconPlus size={15} aria-hidden />{t('action.addOne')}</button>}>
      <ul className={classes.list}>
        {contact.addresses.map((address) => <Row key={`${address.kind} ${address.address}`} contact={contact} address={address} mayWrite={mayWrite} several={several(address.kind)} />)}
      </ul>
      {contact.addresses.length === 0 && <p className={classes.none}>{t('address.none')}</p>}
      {adding && <AddForm contact={contact} onClose={() => setAdding(false)} />}
      <ul className={classes.reach} aria-label={t('profile.reach')}>
        {reachOf(contact).map(({ channel, state }) => (
          <li key={channel} data-state={state} title={t(`reach.${state}`, { channel: t(`common:channel.${channel}`) })}>
            {state === 'yes' ? <IconCheck size={13} aria-hidden /> : <IconBan size={13} aria-hidden />}
            {t(`common:channel.${channel}`)}
            <span className="visually-hidden">{t(`reach.${state}`, { channel: '' })}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
