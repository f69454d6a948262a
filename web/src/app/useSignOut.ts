import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { signOut } from '../api/writes';
import { leave } from './session';

/** Ends the session and forgets what belonged to it, drafts included. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    // Without an answer the person leaves all the same; the session then ends by its own time.
    await signOut().catch(() => undefined);
    await navigate({ to: '/login', search: {} });
    leave(client);
  };
}
