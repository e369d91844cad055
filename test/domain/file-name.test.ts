import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attachmentDisposition, fileName } from "../../src/domain/file-name.ts";
import { FILE_TYPES } from "../../src/protocol/file.ts";
import { MAX_ATTACHMENT_NAME_LENGTH } from "../../src/protocol/limits.ts";

describe("a file's name", () => {
  test.each([
    ["Plan.png", "image/png", "Plan.png"],
    ["photo.JPEG", "image/jpeg", "photo.JPEG"],
    ["Größe 😀.pdf", "application/pdf", "Größe 😀.pdf"],
    ["no ending", "image/png", "no ending.png"],
    ["invoice.hta", "text/plain", "invoice.hta.txt"],
    ["page.html", "text/plain", "page.html.txt"],
    ["setup.exe", "image/gif", "setup.exe.gif"],
    ["../../etc/passwd", "text/plain", "passwd.txt"],
    ["C:\\Users\\x\\a.csv", "text/csv", "a.csv"],
    ["..", "image/png", "file.png"],
    ["/", "image/png", "file.png"],
    ["   ", "image/png", "file.png"],
    [".png", "image/png", ".png"],
    ["a\r\nSet-Cookie: x=1.png", "image/png", "aSet-Cookie: x=1.png"],
    ["a\0b\x7f.png", "image/png", "ab.png"],
    ["invoice\u202Egnp.exe", "application/pdf", "invoicegnp.exe.pdf"],
    ["broken \ud800.png", "image/png", "broken \ufffd.png"],
  ] as const)("that was %j as %s is %j", (given, type, name) => {
    expect(fileName(given, type)).toBe(name);
  });

  test("is no longer than any may be, and keeps its ending", () => {
    const name = fileName(`${"ä".repeat(400)}.jpeg`, "image/jpeg");
    expect(name).toHaveLength(MAX_ATTACHMENT_NAME_LENGTH);
    expect(name).toMatch(/ä\.jpeg$/);
  });

  test("never has a folder, a control or half a character, and is the same when it is named again", () => {
    const given = fc.string({ unit: "binary", maxLength: 300 });
    fc.assert(
      fc.property(given, fc.constantFrom(...FILE_TYPES), (text, type) => {
        const name = fileName(text, type);
        expect(name).not.toMatch(/[/\\\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        expect(name.isWellFormed()).toBe(true);
        expect(name.length).toBeGreaterThan(0);
        expect(name.length).toBeLessThanOrEqual(MAX_ATTACHMENT_NAME_LENGTH);
        expect(fileName(name, type)).toBe(name);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("a header that has a browser save it", () => {
  test.each([
    ["plan.png", `attachment; filename="plan.png"; filename*=UTF-8''plan.png`],
    [
      `a "b" \\ (1)'*;%.png`,
      `attachment; filename="a _b_ _ (1)'*;_.png"; filename*=UTF-8''a%20%22b%22%20%5C%20%281%29%27%2A%3B%25.png`,
    ],
    ["€ 5.pdf", `attachment; filename="_ 5.pdf"; filename*=UTF-8''%E2%82%AC%205.pdf`],
  ])("of %j", (name, header) => {
    expect(attachmentDisposition(name)).toBe(header);
  });

  test("is one header of two quoted names, whatever the file is called", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const name = fileName(text, "image/png");
        const header = attachmentDisposition(name);
        // RFC 8187: attr-char and percent-encoded octets.
        expect(header).toMatch(
          /^attachment; filename="[\x20\x21\x23-\x5b\x5d-\x7e]*"; filename\*=UTF-8''(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})*$/,
        );
        expect(decodeURIComponent(header.split("UTF-8''")[1] ?? "")).toBe(name);
      }),
    );
  });
});
