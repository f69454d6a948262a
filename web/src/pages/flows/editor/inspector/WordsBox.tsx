import { TagsInput } from '@mantine/core';

interface WordsProps { label: string; placeholder: string; value: string[]; place: string; disabled: boolean; error: string | undefined; onChange: (value: string[]) => void }

/** Words one after the other; loaded when a step has such a field. */
export default function WordsBox({ place, ...props }: WordsProps) {
  return <TagsInput {...props} data-place={place} splitChars={SPLIT} acceptValueOnBlur />;
}

const SPLIT = [',', ';'];
