import { ActionIcon, Button, Menu, Select } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconBoxMultiple, IconCopy, IconDotsVertical, IconFold, IconPlus, IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { findPath, type Path } from 'react-querybuilder';
import classes from './builder.module.css';
import {
  addGroup, addRule, DEPTH_MAX, depthOf, duplicate, isGroup, matchOf, MATCHES, nest, placeName, removeAt, ruleCount, RULES_MAX, setMatch, shift, unnest,
  type Group, type Match, type Node,
} from './condition';
import { useBuilder } from './context';
import { CountOf } from './CountOf';
import { firstRule } from './fields';
import { RuleView } from './RuleView';

/** What can be done to a row, by pointer and by keyboard alike. */
export function RowMenu({ path, node, label }: { path: Path; node: Node; label: string }) {
  const { t } = useTranslation('conditions');
  const { root, change, announce } = useBuilder();
  const first = path.every((at) => at === 0) && path.length === 1;
  const last = path.length === 1 && path[0] === root.rules.length - 1;
  const full = ruleCount(root) + ruleCount(node) > RULES_MAX;
  const deep = path.length + depthOf(node) >= DEPTH_MAX;
  const act = (next: Group, words: string) => (): void => {
    change(next);
    announce(words);
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={label}><IconDotsVertical size={16} aria-hidden /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconArrowUp size={16} aria-hidden />} disabled={first} onClick={act(shift(root, path, 'up'), t('said.up'))}>{t('up')}</Menu.Item>
        <Menu.Item leftSection={<IconArrowDown size={16} aria-hidden />} disabled={last} onClick={act(shift(root, path, 'down'), t('said.down'))}>{t('down')}</Menu.Item>
        <Menu.Item leftSection={<IconCopy size={16} aria-hidden />} disabled={full} onClick={act(duplicate(root, path), t('said.copied'))}>{t('duplicate')}</Menu.Item>
        {isGroup(node) ? (
          <Menu.Item leftSection={<IconFold size={16} aria-hidden />} onClick={act(unnest(root, path), t('said.unnested'))}>{t('unnest')}</Menu.Item>
        ) : (
          <Menu.Item leftSection={<IconBoxMultiple size={16} aria-hidden />} disabled={deep} onClick={act(nest(root, path), t('said.nested'))}>{t('nest')}</Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item leftSection={<IconTrash size={16} aria-hidden />} onClick={act(removeAt(root, path), t('said.removed'))}>{t('remove')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function MatchSelect({ group, path }: { group: Group; path: Path }) {
  const { t } = useTranslation('conditions');
  const { root, change, readOnly } = useBuilder();
  const match = matchOf(group);
  // "Not all of" comes only from words or from the API; nobody has to read past it otherwise.
  const shown = MATCHES.filter((one) => one !== 'notAll' || match === 'notAll');
  return (
    <Select
      className={classes.match}
      aria-label={path.length === 0 ? t('matchRoot') : t('matchGroup', { place: placeName(path) })}
      data={shown.map((value) => ({ value, label: t(`match.${value}`) }))}
      value={match}
      disabled={readOnly}
      allowDeselect={false}
      comboboxProps={{ width: 150, position: 'bottom-start' }}
      onChange={(value) => value && change(setMatch(root, path, value as Match))}
    />
  );
}

function Adders({ path }: { path: Path }) {
  const { t } = useTranslation('conditions');
  const { root, fields, change, focusNext, announce, addLabel } = useBuilder();
  const full = ruleCount(root) >= RULES_MAX;
  const place = path.length === 0 ? null : <span className="visually-hidden"> {t('inGroup', { place: placeName(path) })}</span>;
  const put = (next: Group, words: string): void => {
    const last = ((findPath(path, next) as Group).rules as Node[]).at(-1);
    const rule = last && isGroup(last) ? (last.rules as Node[])[0] : last;
    focusNext(rule?.id);
    change(next);
    announce(words);
  };
  return (
    <div className={classes.adders}>
      <Button size="xs" variant="default" disabled={full} leftSection={<IconPlus size={14} aria-hidden />} onClick={() => put(addRule(root, path, firstRule(fields)), t('said.rule'))}>
        {addLabel ?? t('addRule')}{place}
      </Button>
      <Button size="xs" variant="default" disabled={full || path.length + 1 >= DEPTH_MAX} leftSection={<IconBoxMultiple size={14} aria-hidden />} onClick={() => put(addGroup(root, path, firstRule(fields)), t('said.group'))}>
        {t('addGroup')}{place}
      </Button>
      {full && <span className={classes.hint}>{t('full', { count: RULES_MAX })}</span>}
    </div>
  );
}

/** A group: how it matches, its rows, what can be added. */
export function GroupView({ group, path }: { group: Group; path: Path }) {
  const { t } = useTranslation('conditions');
  const { readOnly, errors, empty } = useBuilder();
  const inner = path.length > 0;
  const error = errors.get(group.id ?? '');
  const rows = group.rules as Node[];
  return (
    <div className={inner ? classes.group : classes.root} role="group" aria-label={inner ? t('group', { place: placeName(path) }) : t('everything')} data-match={matchOf(group)}>
      <div className={classes.groupHead}>
        <span>{t('matchBefore')}</span>
        <MatchSelect group={group} path={path} />
        <span>{t('matchAfter')}</span>
        {inner && (
          <span className={classes.rowEnd}>
            <CountOf id={group.id ?? ''} />
            {!readOnly && <RowMenu path={path} node={group} label={t('groupMenu', { place: placeName(path) })} />}
          </span>
        )}
      </div>
      {error && <p className={classes.error} role="alert">{error}</p>}
      {rows.length === 0 && <p className={classes.none}>{inner ? t('noneInGroup') : (empty ?? t('none'))}</p>}
      {rows.length > 0 && (
        <ol className={classes.rows}>
          {rows.map((node, at) => (
            <li key={node.id ?? at}>
              {isGroup(node) ? <GroupView group={node} path={[...path, at]} /> : <RuleView rule={node} path={[...path, at]} />}
            </li>
          ))}
        </ol>
      )}
      {!readOnly && <Adders path={path} />}
    </div>
  );
}
