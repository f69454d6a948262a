import { Notifications } from '@mantine/notifications';

/** Where toasts appear. It comes after the first page: its store keeps what is said before it is there. */
export default function Toasts() {
  return <Notifications position="bottom-center" limit={3} zIndex={500} />;
}
