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
    // One chunk is loaded later, and brings nothing along that could be loaded ahead of it.
    modulePreload: false,
  },
});
