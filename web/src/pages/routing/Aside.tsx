import { Tabs } from '@mantine/core';
import '@mantine/core/styles/Tabs.layer.css';
import { IconHistory, IconMessage2Question } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { RoutingBody, RoutingRules, RoutingTested } from '../../api/types';
import type { Field } from '../../ui/ConditionBuilder/fields';
import classes from './routing.module.css';
import { TryBox } from './TryBox';
import type { RulesDraft } from './useRulesDraft';
import { VersionsList } from './VersionsList';

interface AsideProps { saved: RoutingRules; draft: RulesDraft; body: RoutingBody; fields: readonly Field[]; tested: RoutingTested | null; onTested: (tested: RoutingTested | null) => void; writable: boolean; onRestored: (rules: RoutingRules) => void }

/** Beside the rules: a message to try them on, and what they were. */
export function Aside({ saved, draft, body, fields, tested, onTested, writable, onRestored }: AsideProps) {
  const { t } = useTranslation('routing');
  const [tab, setTab] = useState<string | null>('try');
  return (
    <aside className={`surface ${classes.aside}`} aria-label={t('aside')}>
      <Tabs value={tab} onChange={setTab} classNames={{ tab: classes.tab, panel: classes.tabPanel }}>
        <Tabs.List aria-label={t('aside')}>
          <Tabs.Tab value="try" leftSection={<IconMessage2Question size={15} aria-hidden />}>{t('try.title')}</Tabs.Tab>
          <Tabs.Tab value="versions" leftSection={<IconHistory size={15} aria-hidden />}>{t('versions.title')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="try"><TryBox draft={draft.dirty ? body : null} fields={fields} tested={tested} onTested={onTested} /></Tabs.Panel>
        <Tabs.Panel value="versions" keepMounted={false}><VersionsList current={saved.version} dirty={draft.dirty} writable={writable} onRestored={onRestored} /></Tabs.Panel>
      </Tabs>
    </aside>
  );
}
