import { useEffect, useState } from 'react';

/** The height of a row by the density that the person has chosen, in pixels. */
export function useRowHeight(normalPx: number, compactPx: number): number {
  const read = (): number => (document.documentElement.dataset.density === 'compact' ? compactPx : normalPx);
  const [height, setHeight] = useState(read);
  useEffect(() => {
    const change = (): void => setHeight(read());
    addEventListener('hub-density', change);
    return () => removeEventListener('hub-density', change);
  }, []);
  return height;
}
