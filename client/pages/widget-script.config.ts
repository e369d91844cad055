import { join } from "node:path";
import { defineConfig } from "vite";

/** `widget.js`: one classic script under a name that never changes, for pages of others. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    target: "es2022",
    rolldownOptions: {
      input: join(import.meta.dirname, "../widget/widget.ts"),
      output: { format: "iife", entryFileNames: "widget.js" },
    },
  },
});
