import { useMemo, useState } from 'react';
import { ConditionBuilder } from '../../../../ui/ConditionBuilder/ConditionBuilder';
import { placeOf, placesOf, plain, withIds, type Group, type PlainGroup } from '../../../../ui/ConditionBuilder/condition';
import type { Field } from '../../../../ui/ConditionBuilder/fields';

interface BoxProps { value: PlainGroup | null; fields: Field[]; errors: ReadonlyMap<string, string>; place: string; readOnly: boolean; empty: string; onChange: (value: PlainGroup, mark?: string) => void }

/** The builder of a condition, loaded when a step has one: it is the heaviest of all controls. */
export default function BuilderBox({ value, fields, errors, place, readOnly, empty, onChange }: BoxProps) {
  const [root, setRoot] = useState<Group>(() => withIds(value));
  // The builder's own ids stay, as long as it shows what the step holds.
  const current = value !== null && JSON.stringify(plain(root)) === JSON.stringify(plain(withIds(value))) ? root : withIds(value);
  if (current !== root) setRoot(current);
  const wrong = useMemo(() => {
    const ids = placesOf(current);
    const found = new Map<string, string>();
    for (const [where, words] of errors) {
      if (!where.startsWith(place)) continue;
      const id = ids.get(placeOf(where.slice(place.length)) ?? '');
      if (id !== undefined) found.set(id, words);
    }
    return found;
  }, [errors, place, current]);
  return (
    <ConditionBuilder root={current} fields={fields} errors={wrong} readOnly={readOnly} empty={empty} change={(next, mark) => {
      setRoot(next);
      onChange(plain(next), mark && `${place} ${mark}`);
    }} />
  );
}
