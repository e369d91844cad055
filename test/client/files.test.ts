/** Files from the moment they are chosen until the log has them: states, order, refusals, losses, and other tabs. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FILES_PATIENCE_MS } from "../../client/core/files.ts";
import { ADOPT_AFTER_MS } from "../../client/core/outbox.ts";
import type { NewFile } from "../../client/core/session-client.ts";
import { MAX_ATTACHMENTS_PER_MESSAGE, MAX_FILE_BYTES } from "../../src/protocol/limits.ts";
import type { FakeTab } from "./fake-client.ts";
import { openTab, settle, sync } from "./fake-client.ts";
import { FakeEnvironment, MemoryStorage, message } from "./fake-environment.ts";
import { outboxItems } from "./fake-tab.ts";
import { FileServer } from "./file-server.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
});

afterEach(() => {
  vi.useRealTimers();
});

const PNG = "image/png";

function photo(name = "photo.png", type = PNG): NewFile {
  return new File(["bytes"], name, { type });
}

interface FilesTab extends FakeTab {
  readonly server: FileServer;
  readonly storage: MemoryStorage;
}

/** A tab whose history is through. */
async function tabWithFiles(storage = new MemoryStorage(), idPrefix?: string): Promise<FilesTab> {
  const tab = openTab(new FakeEnvironment(storage, idPrefix));
  const server = new FileServer(tab.environment);
  tab.client.start();
  await settle();
  sync(tab.environment.socket, 0);
  await tab.client.prepareFiles();
  await settle();
  return { ...tab, server, storage };
}

/** What the client sends up as messages. */
function sent({ environment }: FakeTab) {
  return environment.socket.frames.flatMap((frame) =>
    frame.type === "send" ? frame.messages : [],
  );
}

/** Time goes by on a connection that holds. */
async function pass({ environment }: FakeTab, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 1_000));
    environment.socket.text("pong");
  }
}

const last = ({ client }: FakeTab) => client.getState().messages.at(-1);

describe("a message with files", () => {
  it("is shown at once, waits for them, and names them when it goes", async () => {
    const tab = await tabWithFiles();
    tab.server.hold();
    const { clientId } = tab.client.send("look", { attachments: [photo("a.png"), photo("b.png")] });
    expect(last(tab)).toMatchObject({
      key: clientId,
      content: "look",
      delivery: "queued",
      attachments: [
        { name: "a.png", type: PNG, size: 5, upload: "waiting", progress: 0 },
        { name: "b.png", upload: "waiting" },
      ],
    });
    expect(tab.client.getState().pendingCount).toBe(1);
    await settle();
    expect(last(tab)?.attachments).toMatchObject([
      { upload: "uploading" },
      { upload: "uploading" },
    ]);
    expect(sent(tab)).toEqual([]);
    tab.server.go();
    await settle();
    expect(last(tab)?.attachments).toMatchObject([{ upload: "stored" }, { upload: "stored" }]);
    expect(sent(tab)).toEqual([
      { clientId, content: "look", attachments: [{ fileId: "F1" }, { fileId: "F2" }] },
    ]);
    expect(tab.server.uploads.map(({ name, type }) => [name, type])).toEqual([
      ["a.png", PNG],
      ["b.png", PNG],
    ]);
  });

  it("needs no words", async () => {
    const tab = await tabWithFiles();
    tab.client.send("", { attachments: [photo()] });
    await settle();
    expect(sent(tab)).toMatchObject([{ content: "", attachments: [{ fileId: "F1" }] }]);
  });

  it("waits for a connection, and says so", async () => {
    const tab = openTab();
    const server = new FileServer(tab.environment);
    tab.environment.respond = () => "down";
    tab.client.start();
    await settle();
    tab.client.send("early", { attachments: [photo()] });
    await settle();
    expect(last(tab)?.attachments).toMatchObject([{ upload: "waiting" }]);
    server.install();
    tab.environment.signal("network");
    await settle();
    sync(tab.environment.socket, 0);
    await settle();
    expect(sent(tab)).toMatchObject([{ content: "early", attachments: [{ fileId: "F1" }] }]);
  });

  it("holds back what is written later, for a minute at most", async () => {
    const tab = await tabWithFiles();
    tab.server.hold();
    tab.client.send("picture", { attachments: [photo()] });
    tab.client.send("what is this?");
    await pass(tab, FILES_PATIENCE_MS - 1);
    expect(sent(tab)).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent(tab).map(({ content }) => content)).toEqual(["what is this?"]);
    tab.client.send("hello?");
    expect(sent(tab)).toHaveLength(2);
    tab.server.go();
    await settle();
    expect(sent(tab).map(({ content }) => content)).toEqual(["what is this?", "hello?", "picture"]);
    // The next is waited for anew.
    tab.server.hold();
    tab.client.send("another", { attachments: [photo()] });
    tab.client.send("and this?");
    await settle();
    expect(sent(tab)).toHaveLength(3);
    tab.server.go();
    await settle();
    expect(sent(tab).slice(3)).toMatchObject([{ content: "another" }, { content: "and this?" }]);
  });

  it("is taken back while it waits", async () => {
    const tab = await tabWithFiles();
    tab.server.hold();
    const { clientId, delivered } = tab.client.send("no", { attachments: [photo()] });
    tab.client.send("yes");
    await settle();
    tab.client.cancel(clientId);
    await expect(delivered).rejects.toMatchObject({ code: "cancelled" });
    expect(tab.server.aborted).toBe(1);
    expect(sent(tab).map(({ content }) => content)).toEqual(["yes"]);
    expect(tab.client.getState().messages).toHaveLength(1);
    expect(outboxItems(tab.storage)).toHaveLength(1);
    tab.server.go();
    await settle();
    expect(sent(tab)).toHaveLength(1);
  });

  it("gives way to what the log says of it", async () => {
    const tab = await tabWithFiles();
    const { clientId, delivered } = tab.client.send("look", { attachments: [photo()] });
    await settle();
    const attachments = [{ fileId: "F1", name: "photo.png", type: PNG, size: 5 }];
    const logged = message(1, { role: "user", clientId, content: "look", attachments });
    tab.environment.socket.down({ type: "messages", from: 0, to: 1, messages: [logged] });
    await delivered;
    expect(tab.client.getState().messages).toMatchObject([{ key: clientId, attachments }]);
    expect(await (await tab.client.downloadFile("F1")).text()).toBe("bytes");
    expect(tab.server.downloads).toEqual([]);
  });
});

describe("an upload", () => {
  it("goes on after a loss, as the same file", async () => {
    const tab = await tabWithFiles();
    tab.server.failing = ["down", 503, "upload_interrupted", "upload_in_progress"];
    tab.client.send("stubborn", { attachments: [photo()] });
    await settle();
    expect(last(tab)?.attachments).toMatchObject([{ upload: "waiting" }]);
    await pass(tab, 30_000);
    expect(tab.server.uploads).toHaveLength(5);
    expect(new Set(tab.server.uploads.map(({ clientId }) => clientId)).size).toBe(1);
    expect(sent(tab)).toMatchObject([{ content: "stubborn" }]);
  });

  it("waits for as long as the server says", async () => {
    const tab = await tabWithFiles();
    tab.server.failing = [{ status: 429, code: "rate_limited", retryAfter: 20 }];
    tab.client.send("slowly", { attachments: [photo()] });
    await vi.advanceTimersByTimeAsync(19_999);
    expect(tab.server.uploads).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent(tab)).toHaveLength(1);
  });

  it("begins again at once when the connection is back", async () => {
    const tab = await tabWithFiles();
    tab.server.failing = [{ status: 503, code: "unavailable", retryAfter: 600 }];
    tab.client.send("soon", { attachments: [photo()] });
    tab.client.send("after it");
    await settle();
    tab.environment.socket.close(1006);
    await vi.advanceTimersByTimeAsync(5_000);
    sync(tab.environment.socket, 0);
    await settle();
    expect(sent(tab).map(({ content }) => content)).toEqual(["soon", "after it"]);
  });

  it.each([
    ["file_type_not_allowed", 415],
    ["file_too_large", 413],
    ["quota_exceeded", 413],
    ["too_many_files", 409],
  ])("that is refused with %s fails the message, and nothing behind it", async (code, status) => {
    const tab = await tabWithFiles();
    tab.server.failing = [{ status, code }];
    const { clientId, delivered } = tab.client.send("no", { attachments: [photo()] });
    tab.client.send("behind");
    await expect(delivered).rejects.toMatchObject({ code });
    const [behind, failed] = tab.client.getState().messages.toReversed();
    expect([behind, failed]).toContainEqual(
      expect.objectContaining({
        delivery: "failed",
        failure: code,
        attachments: [expect.objectContaining({ upload: "failed" })],
      }),
    );
    expect(sent(tab).map(({ content }) => content)).toEqual(["behind"]);
    tab.client.retry(clientId);
    await settle();
    expect(sent(tab).map(({ content }) => content)).toEqual(["behind", "no"]);
  });

  it.each([
    [
      "of a type that is never taken",
      () => photo("a.exe", "application/x-msdownload"),
      "file_type_not_allowed",
    ],
    [
      "that is too large",
      () => ({ name: "a.png", type: PNG, size: MAX_FILE_BYTES + 1 }) as NewFile,
      "file_too_large",
    ],
  ])("%s does not begin", async (_what, make, code) => {
    const tab = await tabWithFiles();
    const { delivered } = tab.client.send("no", { attachments: [make()] });
    await expect(delivered).rejects.toMatchObject({ code });
    await expect(tab.client.uploadFile(make())).rejects.toMatchObject({ code });
    expect(tab.server.uploads).toEqual([]);
  });

  it("that is refused ends its companions'", async () => {
    const tab = await tabWithFiles();
    tab.server.hold("good.png");
    tab.server.failing = [{ status: 415, code: "file_type_not_allowed" }];
    const { delivered } = tab.client.send("no", {
      attachments: [photo("bad.png"), photo("good.png")],
    });
    await expect(delivered).rejects.toMatchObject({ code: "file_type_not_allowed" });
    await settle();
    expect(last(tab)?.attachments).toMatchObject([{ upload: "failed" }, { upload: "waiting" }]);
    expect(tab.server.aborted).toBe(1);
  });

  it("has no more companions than a message may have", async () => {
    const tab = await tabWithFiles();
    const attachments = Array.from({ length: MAX_ATTACHMENTS_PER_MESSAGE + 1 }, () => photo());
    const { delivered } = tab.client.send("too many", { attachments });
    await expect(delivered).rejects.toMatchObject({ code: "validation_failed" });
    expect(sent(tab)).toEqual([]);
  });

  it("is one of two at a time", async () => {
    const tab = await tabWithFiles();
    tab.server.hold();
    tab.client.send("five", { attachments: [1, 2, 3, 4, 5].map((n) => photo(`${n}.png`)) });
    await settle();
    expect(tab.server.uploads.map(({ name }) => name)).toEqual(["1.png", "2.png"]);
    tab.server.go();
    await settle();
    expect(sent(tab)[0]?.attachments).toHaveLength(5);
  });

  it("says under the types' own names what systems call otherwise, and gives the nameless a name", async () => {
    const tab = await tabWithFiles();
    const zip = new File(["PK"], "a.zip", { type: "application/x-zip-compressed" });
    tab.client.send("", {
      attachments: [zip, new Blob(["bytes"], { type: "text/plain;charset=utf-8" })],
    });
    await settle();
    expect(tab.server.uploads.map(({ name, type }) => [name, type])).toEqual([
      ["a.zip", "application/zip"],
      ["file", "text/plain"],
    ]);
  });
});

describe("uploadFile", () => {
  it("uploads before there is a message, which goes on from there", async () => {
    const tab = await tabWithFiles();
    const file = photo();
    tab.server.hold();
    const progress: number[] = [];
    const uploaded = tab.client.uploadFile(file, { onProgress: (now) => progress.push(now) });
    await settle();
    tab.client.send("with it", { attachments: [file] });
    await settle();
    expect(tab.server.uploads).toHaveLength(1);
    tab.server.go();
    expect(await uploaded).toEqual({ fileId: "F1", name: "photo.png", type: PNG, size: 5 });
    await settle();
    expect(progress.at(-1)).toBe(1);
    expect(sent(tab)).toMatchObject([{ attachments: [{ fileId: "F1" }] }]);
    expect(tab.server.uploads).toHaveLength(1);
  });

  it("may be through by then; sent twice, it is two files", async () => {
    const tab = await tabWithFiles();
    const file = photo();
    await tab.client.uploadFile(file);
    tab.client.send("one", { attachments: [file] });
    tab.client.send("two", { attachments: [file] });
    await settle();
    expect(sent(tab).map(({ attachments }) => attachments)).toEqual([
      [{ fileId: "F1" }],
      [{ fileId: "F2" }],
    ]);
    expect(tab.server.uploads).toHaveLength(2);
  });

  it("gives a name for a file that any message can take", async () => {
    const tab = await tabWithFiles();
    const stored = await tab.client.uploadFile(photo());
    tab.client.send("", { attachments: [stored] });
    expect(last(tab)?.attachments).toEqual([stored]);
    await settle();
    expect(sent(tab)).toMatchObject([{ attachments: [{ fileId: "F1" }] }]);
  });

  it("is given up", async () => {
    const tab = await tabWithFiles();
    tab.server.hold();
    const controller = new AbortController();
    const uploaded = tab.client.uploadFile(photo(), { signal: controller.signal });
    await settle();
    controller.abort(new Error("changed my mind"));
    await expect(uploaded).rejects.toThrow("changed my mind");
    await settle();
    expect(tab.server.aborted).toBe(1);
  });
});

describe("a reload", () => {
  it("without the bytes loses the words of nobody", async () => {
    const first = await tabWithFiles();
    first.server.hold();
    const { clientId } = first.client.send("my words", { attachments: [photo()] });
    await settle();
    first.client.stop();
    const tab = await tabWithFiles(first.storage, "next");
    expect(last(tab)).toMatchObject({
      key: clientId,
      content: "my words",
      delivery: "failed",
      failure: "file_missing",
      attachments: [{ name: "photo.png", size: 5 }],
    });
    expect(tab.server.uploads).toEqual([]);
    tab.client.cancel(clientId);
    tab.client.send("my words", { attachments: [photo()] });
    await settle();
    expect(sent(tab)).toMatchObject([{ content: "my words", attachments: [{ fileId: "F1" }] }]);
    expect(tab.client.getState().messages).toHaveLength(1);
  });

  it("after the upload needs none", async () => {
    const first = await tabWithFiles();
    first.client.send("through", { attachments: [photo()] });
    await settle();
    first.client.stop();
    const tab = await tabWithFiles(first.storage, "next");
    await pass(tab, ADOPT_AFTER_MS);
    expect(sent(tab)).toMatchObject([{ content: "through", attachments: [{ fileId: "F1" }] }]);
  });
});

describe("downloadFile", () => {
  it("asks with the key, once", async () => {
    const tab = await tabWithFiles();
    const [one, two] = await Promise.all([
      tab.client.downloadFile("F7"),
      tab.client.downloadFile("F7"),
    ]);
    expect(await one.text()).toBe("bytes of F7");
    expect(two).toBe(one);
    await tab.client.downloadFile("F7");
    expect(tab.server.downloads).toEqual([{ fileId: "F7", authorization: "Bearer S1.C1.secret" }]);
  });

  it("rejects with the server's code, and asks again the next time", async () => {
    const tab = await tabWithFiles();
    tab.server.failing = [{ status: 404, code: "file_not_found" }];
    await expect(tab.client.downloadFile("F7")).rejects.toMatchObject({ code: "file_not_found" });
    expect(await (await tab.client.downloadFile("F7")).text()).toBe("bytes of F7");
  });
});
