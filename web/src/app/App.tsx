import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core';
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useMemo } from 'react';
import { brandingQuery, meQuery } from '../api/queries';
import { asProblem } from '../api/problem';
import { boot, FALLBACK_BRAND } from './boot';
import { makeRouter } from './router';
import { makeTheme, variablesFor } from './theme';

const Toasts = lazy(() => import('./Toasts'));
const RETRIES = 2;

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      networkMode: 'always',
      retry: (count, error) => count < RETRIES && asProblem(error).isTemporary,
    },
    mutations: { networkMode: 'always' },
  },
});
if (boot.brand) client.setQueryData(brandingQuery.queryKey, boot.brand);

const router = makeRouter(client);
const schemes = localStorageColorSchemeManager({ key: 'hub-color-scheme' });
const HEX = /^#[0-9a-f]{6}$/i;

/** Theme from the brand: of the tenant acted in, else of the host. */
function Themed() {
  const { data: branding } = useQuery(brandingQuery);
  const { data: me } = useQuery({ ...meQuery, enabled: false });
  const own = me?.tenant.brand;
  const color = [own?.primary_color, branding?.primary_color].find((value) => HEX.test(value ?? '')) ?? FALLBACK_BRAND.primary_color;
  const product = own?.product_name ?? branding?.product_name ?? FALLBACK_BRAND.product_name;
  const theme = useMemo(() => makeTheme(color), [color]);
  const variables = useMemo(() => variablesFor(color), [color]);
  useEffect(() => {
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', color);
    document.title = product;
  }, [color, product]);
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} colorSchemeManager={schemes} defaultColorScheme="auto">
      <RouterProvider router={router} />
      <Suspense><Toasts /></Suspense>
    </MantineProvider>
  );
}

export function App() {
  return (
    <QueryClientProvider client={client}>
      <Themed />
    </QueryClientProvider>
  );
}
