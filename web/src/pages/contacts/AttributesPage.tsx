import { Button, Menu } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Icon123, IconCalendar, IconDots, IconLetterCase, IconList, IconListDetails, IconPencil, IconPlus, IconToggleLeft, IconTrash, type Icon } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { attributesQuery } from '../../api/contacts';
import type { Attribute } from '../../api/contactTypes';
import { can } from '../../api/permissions';
import { Denied } from '../../app/Fallbacks';
import { useKeys } from '../../app/keyboard';
import { useMe } from '../../app/session';
import { EmptyState } from '../../ui/EmptyState';
import { ProblemAlert } from '../../ui/ProblemAlert';
import { AttributeDialog } from './AttributeDialog';
import { AttributeDelete } from './AttributeDelete';
import classes from './admin.module.css';
import { ContactsNav } from './ContactsNav';

export const TYPE_ICONS: Record<Attribute['type'], Icon> = { text: IconLetterCase, number: Icon123, boolean: IconToggleLeft, date: IconCalendar, choice: IconList };

type Dialog = { kind: 'edit'; attribute: Attribute | null } | { kind: 'delete'; attribute: Attribute } | null;

function Row({ attribute, mayWrite, onDialog }: { attribute: Attribute; mayWrite: boolean; onDialog: (dialog: Dialog) => void }) {
  const { t } = useTranslation('contacts');
  const Glyph = TYPE_ICONS[attribute.type];
  return (
    <tr>
      <th scope="row">
        {mayWrite ? <button type="button" className={classes.nameButton} onClick={() => onDialog({ kind: 'edit', attribute })}><bdi>{attribute.label}</bdi></button> : <bdi>{attribute.label}</bdi>}
        <code>{attribute.key}</code>
      </th>
      <td><span className={classes.type}><Glyph size={16} stroke={1.75} aria-hidden />{t(`type.${attribute.type}`)}</span></td>
      <td className={classes.choices}>{attribute.choices.join(', ')}</td>
      <td>{attribute.indexed ? t('value.yes') : <span className={classes.dim}>{t('value.no')}</span>}</td>
      <td className={classes.tools}>
        {mayWrite && (
          <Menu position="bottom-end" width={200}>
            <Menu.Target><button type="button" className={classes.icon} aria-label={t('attribute.more', { name: attribute.label })}><IconDots size={16} aria-hidden /></button></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => onDialog({ kind: 'edit', attribute })}>{t('attribute.edit')}</Menu.Item>
              <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={() => onDialog({ kind: 'delete', attribute })}>{t('attribute.delete')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
      </td>
    </tr>
  );
}

function Loading() {
  return <div className={classes.loading} aria-busy>{Array.from({ length: 6 }, (_, at) => <div key={at} className="skeleton" style={{ height: 14, width: `${40 + ((at * 13) % 40)}%` }} />)}</div>;
}

function Manager() {
  const { t } = useTranslation('contacts');
  const me = useMe();
  const mayWrite = can(me, 'writeContacts');
  const { data, error, refetch } = useQuery(attributesQuery);
  const [dialog, setDialog] = useState<Dialog>(null);
  const add = (): void => setDialog({ kind: 'edit', attribute: null });
  const button = mayWrite && <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={add}>{t('attribute.add')}</Button>;
  useKeys(t('attribute.title'), mayWrite ? [{ keys: 'n', label: t('attribute.add'), run: add }] : []);
  return (
    <div className={classes.page}>
      <ContactsNav>{button}</ContactsNav>
      <div className={classes.content}>
        <h1 className={classes.title}>{t('attribute.title')}</h1>
        <p className={classes.lead}>{t('attribute.lead')}</p>
        {error && !data && <ProblemAlert error={error} onRetry={() => void refetch()} />}
        {!data && !error && <Loading />}
        {data?.items.length === 0 && <EmptyState icon={IconListDetails} title={t('attribute.none')} text={t('attribute.noneText')} action={button} />}
        {data && data.items.length > 0 && (
          <div className={`surface ${classes.tableBox}`}>
            <table className={classes.table}>
              <thead>
                <tr><th scope="col">{t('attribute.name')}</th><th scope="col">{t('attribute.type')}</th><th scope="col">{t('attribute.choices')}</th><th scope="col">{t('attribute.indexed')}</th><th scope="col"><span className="visually-hidden">{t('attribute.actions')}</span></th></tr>
              </thead>
              <tbody>{data.items.map((attribute) => <Row key={attribute.id} attribute={attribute} mayWrite={mayWrite} onDialog={setDialog} />)}</tbody>
            </table>
          </div>
        )}
      </div>
      {dialog?.kind === 'edit' && <AttributeDialog attribute={dialog.attribute} onClose={() => setDialog(null)} />}
      {dialog?.kind === 'delete' && <AttributeDelete attribute={dialog.attribute} onClose={() => setDialog(null)} />}
    </div>
  );
}

export function AttributesPage() {
  const me = useMe();
  return can(me, 'readContacts') ? <Manager /> : <Denied />;
}
