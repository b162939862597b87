import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  base: '/_gust/console/',
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the page's policy knows no inline scripts
    modulePreload: { polyfill: false },
    reportCompressedSize: false, // scripts/console compresses, a test counts
    sourcemap: false,
  },
  // npm run dev: the page from here, everything else from a running Gust.
  server: { proxy: { '/_gust/console': process.env.GUST_ENDPOINT ?? 'http://127.0.0.1:4566' } },
});
