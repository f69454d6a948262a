import { Input, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { agentsQuery } from '../../api/desk';
import { CheckBox } from '../../ui/CheckBox';
import classes from './queues.module.css';

const SEARCH_FROM = 9;

/** Who serves a queue; nobody named means everybody. Whoever may not answer any more is not among them. */
export function MembersInput({ members, onChange, error }: { members: string[]; onChange: (members: string[]) => void; error: string | undefined }) {
  const { t } = useTranslation('queues');
  const { data } = useQuery(agentsQuery);
  const [search, setSearch] = useState('');
  const people = (data?.items ?? []).filter((agent) => agent.kind === 'person');
  const wanted = search.trim().toLocaleLowerCase();
  const shown = people.filter((agent) => agent.name.toLocaleLowerCase().includes(wanted));
  return (
    <Input.Wrapper label={members.length === 0 ? t('form.membersAll') : t('form.membersSome', { count: members.length })} description={t('form.membersHint')} error={error} labelElement="div">
      <div className={classes.members} role="group" aria-label={t('form.members')}>
        {people.length >= SEARCH_FROM && <TextInput aria-label={t('form.membersSearch')} placeholder={t('form.membersSearch')} leftSection={<IconSearch size={16} aria-hidden />} value={search} onChange={(event) => setSearch(event.currentTarget.value)} />}
        <div className={classes.memberList}>
          {shown.map((agent) => (
            <CheckBox key={agent.id} checked={members.includes(agent.id)} onChange={(serves) => onChange(serves ? [...members, agent.id] : members.filter((id) => id !== agent.id))}><bdi>{agent.name}</bdi></CheckBox>
          ))}
        </div>
      </div>
    </Input.Wrapper>
  );
}
