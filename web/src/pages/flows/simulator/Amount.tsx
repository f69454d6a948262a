import { TextInput } from '@mantine/core';

interface Props { label: string; hidden?: boolean; title?: string; min: number; max: number; step?: number; value: number; onChange: (value: number) => void; className?: string | undefined }

/** A number to type, by the browser's own field: the simulator carries no larger one. */
export function Amount({ label, hidden, title, min, max, step = 1, value, onChange, className }: Props) {
  return (
    <TextInput
      type="number"
      {...(hidden ? { 'aria-label': label } : { label })}
      title={title}
      min={min}
      max={max}
      step={step}
      value={value}
      className={className}
      onChange={(event) => onChange(Math.min(max, Math.max(min, event.currentTarget.valueAsNumber || 0)))}
    />
  );
}
