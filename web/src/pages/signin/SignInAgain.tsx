import { Modal } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { keys } from '../../api/keys';
import type { Me } from '../../api/types';
import { sessionEnded, useMe } from '../../app/session';
import { SignInForm } from './SignInForm';

/** Over the page whose session ended. The same person goes on where they were; another person starts anew. */
export default function SignInAgain() {
  const { t } = useTranslation('signin');
  const client = useQueryClient();
  const before = useMe();
  const goOn = (me: Me): void => {
    if (me.user?.id !== before.user?.id || me.tenant.id !== before.tenant.id) {
      location.assign('/');
      return;
    }
    client.setQueryData(keys.me, me);
    sessionEnded.set(false);
    void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' });
  };
  return (
    <Modal opened onClose={() => undefined} withCloseButton={false} closeOnEscape={false} closeOnClickOutside={false} title={t('common:expired.title')}>
      <p style={{ marginBottom: 12 }}>{t('common:expired.text')}</p>
      <SignInForm email={before.user?.email} onSignedIn={goOn} />
    </Modal>
  );
}
