import { join } from "node:path";
import { defineConfig } from "vite";
import solid from "vite-plugin-solid";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [solid()],
  build: {
    outDir: "../../dist/pages",
    emptyOutDir: true,
    target: "es2022",
    // The Content-Security-Policy in public/_headers knows neither data: URLs nor inline scripts.
    assetsInlineLimit: 0,
    // Browsers of the target preload modules by themselves.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        chat: join(import.meta.dirname, "index.html"),
        dashboard: join(import.meta.dirname, "dashboard.html"),
        widget: join(import.meta.dirname, "widget.html"),
      },
    },
  },
});
