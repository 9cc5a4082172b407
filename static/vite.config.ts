import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vite";

const here = import.meta.dirname;

// Every page's entry, by the path the Django templates name in {% vite_asset %}.
const entries = [
  "src/caller/first.ts",
  "src/caller/main.ts",
  "src/caller/phone.ts",
  "src/console/main.tsx",
  "src/staff/staff.css",
].filter((path) => existsSync(resolve(here, path)));

export default defineConfig({
  root: here,
  // Django serves static/dist under STATIC_URL, so that assets are at /static/assets/….
  base: "/static/",
  publicDir: "public",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    manifest: true, // dist/.vite/manifest.json, read by django-vite
    // The phones in people's pockets: getUserMedia in iOS web views starts with 14.3.
    target: ["es2020", "safari14", "chrome87", "firefox91"],
    // All these browsers preload modules, or load them a little later without harm.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // one content security policy for all: no data: URLs
    sourcemap: false,
    chunkSizeWarningLimit: 1300, // the map library; the budgets test measures what matters
    rollupOptions: { input: entries },
  },
  server: { strictPort: true },
});
