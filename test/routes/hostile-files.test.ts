/** Files that lie: about their length, their type, their name; and what a browser would make of them. */
import { beforeAll, describe, expect, test } from "vitest";
import type { StoredAttachment } from "../../src/protocol/file.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { newSession, newTeam } from "../support/api.ts";
import {
  download,
  FILES,
  keysOf,
  PNG,
  sampleFile,
  uploaded,
  uploadStream,
} from "../support/files.ts";
import { objectTables } from "../support/object-storage.ts";
import { refusal } from "../support/problem.ts";

let chat: SessionWithToken;

beforeAll(async () => {
  chat = await newSession(await newTeam());
});

/** A body that goes on with `chunk` for so many times, and then breaks off if it is to. */
function body(times: number, breaks = false, chunk: Uint8Array = PNG.bytes) {
  let sent = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      await scheduler.wait(0);
      if (sent++ < times) controller.enqueue(chunk);
      else if (breaks) controller.error(new Error("broke off"));
      else controller.close();
    },
  });
}

const SIZE = PNG.bytes.length;

describe("a body that", () => {
  test.each([
    ["is shorter than it says", { length: String(3 * SIZE), body: () => body(2) }],
    ["is much shorter than it says", { length: String(25 * 1024 * 1024), body: () => body(1) }],
    ["is longer than it says", { length: String(SIZE + 1), body: () => body(2) }],
    ["does not end", { length: String(SIZE), body: () => body(Number.POSITIVE_INFINITY) }],
    ["breaks off", { length: String(5 * SIZE), body: () => body(3, true) }],
    ["breaks off in its first bytes", { length: String(5 * SIZE), body: () => body(1, true) }],
    [
      "breaks off behind its first bytes",
      {
        length: String(20 * 1024 * 1024),
        body: () => body(3, true, sampleFile("", PNG.head, 70_000).bytes),
      },
    ],
  ])("%s leaves nothing", async (_, { length, body: make }) => {
    const quiet = await newSession(chat.session.teamId);
    const response = await uploadStream(quiet, { type: "image/png", length, body: make() });
    expect(await refusal(response)).toBe("400 upload_interrupted");
    expect(await keysOf(quiet)).toEqual([]);
    expect(await objectTables(quiet.session.id, (table) => table === "files")).toBe("files");
  });

  test("does not end and says nothing of its length is not read", async () => {
    const endless = body(Number.POSITIVE_INFINITY);
    const response = await uploadStream(chat, { type: "image/png", body: endless });
    expect(await refusal(response)).toBe("411 length_required");
  });

  test.each(["-1", "1e3", "0x10", " ", "5, 5", "9".repeat(40)])(
    "has the length %j is not taken",
    async (length) => {
      const response = await uploadStream(chat, { type: "text/plain", length, body: body(1) });
      expect([400, 411, 413]).toContain(response.status);
    },
  );
});

const HTML = "<!doctype html><script>alert(document.cookie)</script>";

describe("a page that is sent as something else", () => {
  test.each([
    ["a picture", "image/gif"],
    ["a page", "text/html"],
    ["a drawing", "image/svg+xml"],
    ["XML", "application/xml"],
    ["a program", "application/javascript"],
  ])("as %s is refused", async (_, type) => {
    const sent = { type, length: String(HTML.length), body: HTML };
    expect(await refusal(await uploadStream(chat, sent))).toBe("415 file_type_not_allowed");
  });

  test.each([
    ["a text", sampleFile("text/plain", HTML, 0), "text/plain; charset=utf-8"],
    ["a picture that is a page, too", sampleFile("image/gif", `GIF89a/*${HTML}*/`, 0), "image/gif"],
    [
      "a PDF that is a page, too",
      sampleFile("application/pdf", `%PDF-1.7\n${HTML}`, 0),
      "application/pdf",
    ],
  ])("as %s is shown as one by no browser", async (_, file, type) => {
    const { fileId } = await uploaded(chat, file, { name: "page.html" });
    const { headers } = await download(chat, fileId);
    expect(headers.get("Content-Type")).toBe(type);
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Content-Security-Policy")).toContain("sandbox");
    expect(headers.get("Content-Disposition")).toMatch(
      /^attachment; filename="page\.html\.(txt|gif|pdf)"/,
    );
  });
});

test.each([
  ["../../../etc/passwd", "passwd.txt"],
  ["..\\..\\boot.ini", "boot.ini.txt"],
  ["files/other-session/file_x.txt", "file_x.txt"],
  ["a.txt\r\nSet-Cookie: a=b\r\n\r\n<script>", "a.txtSet-Cookie: a=b<script>.txt"],
  ['a"; filename="b.exe', 'a"; filename="b.exe.txt'],
  ["%2e%2e%2fa.txt", "%2e%2e%2fa.txt"],
  ["a\u202etxt.exe", "atxt.exe.txt"],
])("a file that is called %j is called %j", async (name, kept) => {
  const file: StoredAttachment = await uploaded(chat, FILES.text, { name });
  expect(file.name).toBe(kept);
  const { headers } = await download(chat, file.fileId);
  const encoded = headers.get("Content-Disposition")?.split("UTF-8''")[1] ?? "";
  expect(decodeURIComponent(encoded)).toBe(kept);
  expect(headers.get("Set-Cookie")).toBeNull();
  expect(await keysOf(chat)).toContain(`files/${chat.session.id}/${file.fileId}`);
});

test.each(["..", "../x", "file_x%2F..%2F..", "%00", "a".repeat(5_000)])(
  "no file is called %j",
  async (fileId) => {
    expect((await download(chat, encodeURIComponent(fileId))).status).toBe(404);
  },
);
