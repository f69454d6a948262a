import { IconEye } from '@tabler/icons-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { showViewing } from '../../api/writes';
import { useMe } from '../../app/session';
import { useStore } from '../../app/store';
import { viewers } from '../../app/typists';
import classes from './thread.module.css';

const TOLD_MS = 10_000;

/** Lets colleagues see that somebody has the conversation before them. One mark that does not arrive is no loss. */
function useViewing(conversationId: string, person: boolean): void {
  useEffect(() => {
    if (!person) return undefined;
    const tell = (): void => {
      if (document.visibilityState === 'visible') void showViewing(conversationId).catch(() => undefined);
    };
    tell();
    const timer = setInterval(tell, TOLD_MS);
    return () => clearInterval(timer);
  }, [conversationId, person]);
}

/** The colleagues who have the conversation open. */
export function Viewers({ conversationId }: { conversationId: string }) {
  const { t } = useTranslation('inbox');
  const me = useMe();
  useViewing(conversationId, me.user !== null);
  const others = useStore(viewers.of(conversationId)).filter(({ id }) => id !== me.user?.id);
  return (
    <span role="status" data-testid="viewing">
      {others[0] && <span className={classes.viewing}><IconEye size={13} aria-hidden />{t('viewing', { count: others.length, name: others[0].name })}</span>}
    </span>
  );
}
