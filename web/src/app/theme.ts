/** The look: one brand colour in, everything else from the tokens of tokens.css. */
import { createTheme, type ButtonProps, type CSSVariablesResolver, type InputProps, type MantineColorsTuple, type MantineThemeOverride } from '@mantine/core';
import { contrast, ramp, readable } from './color';

const LIGHT = { surface: '#ffffff', tint: '#eef0f3' };
const DARK = { surface: '#1f2023', tint: '#2b2d31' };
const TEXT_RATIO = 4.6;
const RING_RATIO = 3.1;

export function makeTheme(primary: string): MantineThemeOverride {
  const overlay = { defaultProps: { shadow: 'md', transitionProps: { duration: 120 } } };
  return createTheme({
    primaryColor: 'brand',
    colors: { brand: ramp(primary) as unknown as MantineColorsTuple },
    primaryShade: 7,
    autoContrast: true,
    luminanceThreshold: 0.179,
    respectReducedMotion: true,
    defaultRadius: 8,
    fontFamily: 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif',
    fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
    lineHeights: { xs: '1.4', sm: '1.45', md: '1.45', lg: '1.45', xl: '1.35' },
    spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
    headings: { fontWeight: '650' },
    // By name, not by `extend`: that would load every component named here with the first page.
    components: {
      Button: {
        defaultProps: { size: 'sm' },
        vars: (_theme: unknown, props: ButtonProps) => ({ root: { '--button-height': props.size === 'xs' ? '28px' : props.size === 'md' ? '40px' : '32px', '--button-padding-x': '12px' } }),
      },
      Input: { vars: (_theme: unknown, props: InputProps) => ({ wrapper: { '--input-height': props.size === 'md' ? '40px' : '32px', '--input-fz': '14px', '--input-bd': 'var(--app-edge)', '--input-bd-focus': 'var(--app-focus)' } }) },
      Menu: overlay,
      Popover: overlay,
      Modal: { defaultProps: { transitionProps: { duration: 120, transition: 'fade' }, centered: true } },
      Tooltip: { defaultProps: { openDelay: 400, withArrow: true, fz: 12 } },
    },
  });
}

/** Colours that depend on the brand and on light or dark; each text colour passes 4.5 : 1 where it is used. */
export function variablesFor(primary: string): CSSVariablesResolver {
  const scheme = (background: string, tint: string, share: number, mix: string): Record<string, string> => ({
    '--app-link': readable(primary, tint, TEXT_RATIO),
    '--app-focus': readable(primary, background, RING_RATIO),
    '--app-selected': `color-mix(in oklab, ${primary} ${share}%, ${mix})`,
    '--app-selected-edge': `color-mix(in oklab, ${primary} ${share * 2.2}%, ${mix})`,
    '--mantine-color-anchor': readable(primary, tint, TEXT_RATIO),
    '--mantine-color-brand-light': `color-mix(in oklab, ${primary} ${share}%, ${mix})`,
    '--mantine-color-brand-light-hover': `color-mix(in oklab, ${primary} ${share + 4}%, ${mix})`,
    '--mantine-color-brand-light-color': readable(primary, tint, TEXT_RATIO),
    '--mantine-color-brand-text': readable(primary, tint, TEXT_RATIO),
    // A bar of the brand's own colour may vanish into the page (yellow on white): its edge does not.
    '--app-bar': contrast(primary, background) >= 3 ? primary : readable(primary, background, RING_RATIO),
  });
  return () => ({
    variables: {},
    light: {
      ...scheme(LIGHT.surface, LIGHT.tint, 10, 'white'),
      '--mantine-color-body': '#ffffff',
      '--mantine-color-text': '#1a1d21',
      '--mantine-color-dimmed': '#5c636a',
      '--mantine-color-placeholder': '#6b7280',
      '--mantine-color-error': '#c92a2a',
      '--mantine-color-default-border': '#ced4da',
    },
    dark: {
      ...scheme(DARK.surface, DARK.tint, 18, '#1f2023'),
      '--mantine-color-body': '#1f2023',
      '--mantine-color-text': '#e9eaec',
      '--mantine-color-dimmed': '#a6acb3',
      '--mantine-color-placeholder': '#8f959c',
      '--mantine-color-error': '#ff8787',
      '--mantine-color-default': '#26282c',
      '--mantine-color-default-hover': '#2f3136',
      '--mantine-color-default-border': '#4a4e54',
    },
  });
}
