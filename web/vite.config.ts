import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const gateway = process.env.HUB_PUBLIC_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react()],
  base: '/',
  build: { outDir: '../api/_ui', emptyOutDir: true, target: 'es2022', manifest: true, reportCompressedSize: false },
  server: { host: '127.0.0.1', proxy: { '/v1': { target: gateway, changeOrigin: true }, '/webhooks': { target: gateway } } },
  test: { include: ['src/**/*.test.{ts,tsx}'] },
});
