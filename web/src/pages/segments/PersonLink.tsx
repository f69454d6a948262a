import { Link } from '@tanstack/react-router';
import classes from './segments.module.css';

/** A person's name, which opens their profile. */
export function PersonLink({ id, name }: { id: string; name: string }) {
  return (
    <Link to="/contacts/$contactId" params={{ contactId: id }} search={{}} className={classes.personName}>
      <bdi>{name}</bdi>
    </Link>
  );
}
