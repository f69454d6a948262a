import { ActionIcon, Button, Input, NativeSelect, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { skillsQuery } from '../../api/desk';
import classes from './queues.module.css';

export interface Skill { name: string; level: number }

const LEVELS = [1, 2, 3, 4, 5];
const SKILLS_MAX = 20;

/** Skills with their levels; names that exist are proposed. */
export function SkillsInput({ label, description, value, onChange }: { label: string; description?: string; value: Skill[]; onChange: (skills: Skill[]) => void }) {
  const { t } = useTranslation('queues');
  const { data } = useQuery(skillsQuery);
  const known = useId();
  const put = (at: number, change: Partial<Skill>): void => onChange(value.map((skill, place) => (place === at ? { ...skill, ...change } : skill)));
  return (
    <Input.Wrapper label={label} description={description} labelElement="div">
      <div className={classes.week}>
        <datalist id={known}>{data?.items.map((name) => <option key={name} value={name}>{name}</option>)}</datalist>
        {value.map((skill, at) => (
          <div key={at} className={classes.inline}>
            <TextInput aria-label={t('skills.name', { number: at + 1 })} placeholder={t('skills.placeholder')} maxLength={60} list={known} value={skill.name} onChange={(event) => put(at, { name: event.currentTarget.value })} />
            <NativeSelect aria-label={t('skills.level', { name: skill.name })} data={LEVELS.map((level) => ({ value: String(level), label: t('skills.atLeast', { level }) }))} value={String(skill.level)} onChange={(event) => put(at, { level: Number(event.currentTarget.value) })} />
            <ActionIcon variant="subtle" color="gray" size={32} aria-label={t('skills.remove', { name: skill.name })} onClick={() => onChange(value.filter((_, place) => place !== at))}><IconX size={16} aria-hidden /></ActionIcon>
          </div>
        ))}
        {value.length < SKILLS_MAX && <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} style={{ alignSelf: 'flex-start' }} onClick={() => onChange([...value, { name: '', level: 1 }])}>{t('skills.add')}</Button>}
      </div>
    </Input.Wrapper>
  );
}
