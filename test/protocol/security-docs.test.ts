import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const path = new URL("../../docs/security.md", import.meta.url);
const document = readFileSync(path, "utf8");
const checklist = document.slice(document.indexOf("## Checklist"), document.indexOf("## Where it"));
const rows = [...checklist.matchAll(/^\| (\d[^|]*) \|([^|]*)\|([^|]*)\|$/gm)];

/** Requirements of OWASP ASVS 5.0 that the product has to meet. */
const REQUIRED =
  "2.4.1 3.3.1 3.4.2 3.4.6 3.5.1 3.5.5 4.1.3 4.4.1 4.4.2 4.4.3 6.5.1 6.5.5 6.6.3 7.1.1 7.1.2 7.2.1 7.2.2 7.2.3 7.2.4 7.3.1 7.3.2 7.4.1 7.4.2 7.4.5 7.5.2 7.5.3 8.2.2 8.2.3 8.4.1 9.2.1 14.2.1 14.3.2 16.2.5 16.5.3";

test("docs/security.md has a line for every requirement", () => {
  const ids = rows.map(([, id = ""]) => id.split(/[–,]/)[0]?.trim());
  expect(ids).toEqual(REQUIRED.split(" "));
});

describe.each(rows.map(([, id = "", , shown = ""]) => ({ id, shown })))("$id", ({ shown }) => {
  const tests = [...shown.matchAll(/\]\(([^)]+)\)|“([^”]+)”/g)];

  test("names tests that are there", () => {
    let source = "";
    let named = 0;
    for (const [, file, title] of tests) {
      if (file !== undefined) {
        const url = new URL(file, path);
        expect(existsSync(url), file).toBe(true);
        source = readFileSync(url, "utf8");
      }
      if (title === undefined) continue;
      named++;
      expect(source, title).toContain(`"${title}"`);
    }
    expect(named).toBeGreaterThan(0);
  });
});

test("links lead to files that are there", () => {
  for (const [, file = ""] of document.matchAll(/\]\((\.\.?\/[^)#]+)/g)) {
    expect(existsSync(new URL(file, path)), file).toBe(true);
  }
});
