import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

const server = 'http://127.0.0.1:8080'
const root = fileURLToPath(new URL('.', import.meta.url))

export default defineConfig({
  root,
  plugins: [svelte({ configFile: `${root}svelte.config.js` })],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome126', 'edge126', 'firefox132', 'safari18'],
    // The content security policy allows files of this origin, not data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    host: '127.0.0.1',
    // `changeOrigin`: the server answers only to its own name.
    proxy: {
      '/api': { target: server, changeOrigin: true },
      '/whep': { target: server, changeOrigin: true },
      '/ws': { target: server, changeOrigin: true, ws: true },
    },
  },
})
