import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { createTeamClient } from "../../../client/server/team-client.ts";
import type { Handler, StandInApi } from "./stand-in-api.ts";
import { startApi } from "./stand-in-api.ts";

let api: StandInApi;

afterEach(async () => {
  await api.close();
});

async function client(...handlers: readonly Handler[]) {
  api = await startApi(...handlers);
  return createTeamClient({ baseUrl: api.baseUrl, teamId: "acme", teamKey: "sk_key" });
}

/** A generator that tells when it was left. */
function words(...texts: readonly (string | Error)[]) {
  const left = Promise.withResolvers<void>();
  async function* generate() {
    try {
      for (const text of texts) {
        if (text instanceof Error) throw text;
        yield text;
      }
    } finally {
      left.resolve();
    }
  }
  return { source: generate(), left: left.promise };
}

async function* forever() {
  for (;;) {
    yield "on and on ";
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const answer = (response: Parameters<Handler>[1], message: object) =>
  response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ message }));

const echo: Handler = async (request, response) => {
  const chunks = await Array.fromAsync<Buffer>(request);
  // As the server reads it: a byte order mark is no text.
  answer(response, { content: new TextDecoder().decode(Buffer.concat(chunks)) });
};

describe("an answer that is streamed", () => {
  test("arrives whole, from a generator, a stream of text and a stream of bytes", async () => {
    const team = await client(echo);
    const { source, left } = words("Hello", "", " 👋 w\uD83D", "\uDE00", "rld");
    const bytes = new Blob(["Hello"]).stream();
    const text = new Blob(["Hello"]).stream().pipeThrough(new TextDecoderStream());
    const sent = [source, bytes, text].map((from, index) =>
      team.streamMessage("s1", { clientId: `c${index}` }, from),
    );
    expect((await Promise.all(sent)).map(({ message }) => message.content)).toEqual([
      "Hello 👋 w😀rld",
      "Hello",
      "Hello",
    ]);
    await left;
    expect(api.headers[0]).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "transfer-encoding": "chunked",
      authorization: "Bearer sk_key",
    });
  });

  test("has what is known of it in the address", async () => {
    const team = await client(echo);
    await team.streamMessage(
      "s1",
      { clientId: "c1", author: { name: "Bot" }, metadata: { model: "m" } },
      words("x").source,
    );
    const url = new URL(api.requests[0]?.split(" ")[1] ?? "", api.baseUrl);
    expect(url.pathname).toBe("/api/sessions/s1/messages/stream");
    expect(Object.fromEntries(url.searchParams)).toEqual({
      clientId: "c1",
      author: '{"name":"Bot"}',
      metadata: '{"model":"m"}',
    });
  });

  test("is sent while it is being written", async () => {
    const first = Promise.withResolvers<void>();
    const team = await client(async (request, response) => {
      await once(request, "data");
      first.resolve();
      await once(request.resume(), "end");
      answer(response, { id: "m1" });
    });
    async function* waits() {
      yield "first";
      // Without the first word's arrival there is no second one.
      await first.promise;
      yield "second";
    }
    const { message, isNew } = await team.streamMessage("s1", { clientId: "c1" }, waits());
    expect({ message, isNew }).toEqual({ message: { id: "m1" }, isNew: true });
  });

  test("is not read faster than it is taken", async () => {
    const team = await client((request) => void request.pause());
    let read = 0;
    async function* endless() {
      for (;;) {
        read += 1;
        yield "x".repeat(100_000);
      }
    }
    const abort = new AbortController();
    const sending = team.streamMessage("s1", { clientId: "c1" }, endless(), abort);
    sending.catch(() => {});
    await expect.poll(() => read).toBeGreaterThan(1);
    let before = 0;
    await expect
      .poll(
        () => {
          const isStill = read === before;
          before = read;
          return isStill;
        },
        { interval: 200, timeout: 5_000 },
      )
      .toBe(true);
    abort.abort(new Error("enough"));
    await expect(sending).rejects.toThrow("enough");
  });
});

describe("a server that answers before the end", () => {
  test.each([
    ["having read some", true],
    ["having read nothing", false],
  ])("has its answer heard and the source left: %s", async (_what, reads) => {
    const team = await client(async (request, response) => {
      if (reads) await once(request, "data");
      answer(response, { id: "m1", metadata: { incomplete: true, cancelled: true } });
    });
    let isLeft = false;
    async function* model() {
      try {
        yield* forever();
      } finally {
        isLeft = true;
      }
    }
    const { message } = await team.streamMessage("s1", { clientId: "c1" }, model());
    expect(message.metadata).toEqual({ incomplete: true, cancelled: true });
    await expect.poll(() => isLeft).toBe(true);
  });

  test("cancels a stream, too", async () => {
    const team = await client((_request, response) => void answer(response, { id: "m1" }));
    let isCancelled = false;
    const source = new ReadableStream<string>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        controller.enqueue("x");
      },
      cancel() {
        isCancelled = true;
      },
    });
    await team.streamMessage("s1", { clientId: "c1" }, source);
    await expect.poll(() => isCancelled).toBe(true);
  });

  test("refuses: the caller hears why, and the source is left", async () => {
    const team = await client((request, response) => {
      response.writeHead(409, { "content-type": "application/problem+json" });
      response.end(JSON.stringify({ code: "stream_in_progress", title: "", status: 409 }));
      request.resume();
    });
    const { source, left } = words(...Array<string>(1000).fill("word "));
    const refused = team.streamMessage("s1", { clientId: "c1" }, source);
    await expect(refused).rejects.toMatchObject({ code: "stream_in_progress", status: 409 });
    await left;
    expect(api.requests).toHaveLength(1);
  });
});

describe("a source that breaks off", () => {
  test.each([
    ["after its first word", ["first", new Error("the model is gone")]],
    ["before it", [new Error("the model is gone")]],
  ])("breaks the request off, and throws: %s", async (_what, texts) => {
    const seen = Promise.withResolvers<IncomingMessage>();
    const team = await client((request) => {
      request.on("error", () => {});
      request.resume().once("close", () => seen.resolve(request));
    });
    const { source } = words(...texts);
    const sending = team.streamMessage("s1", { clientId: "c1" }, source);
    await expect(sending).rejects.toThrow("the model is gone");
    // A request that never began is no less broken off.
    if (api.requests.length > 0) expect((await seen.promise).complete).toBe(false);
  });

  test("as does a caller who aborts", async () => {
    const abort = new AbortController();
    const team = await client((request) => {
      request.on("error", () => {});
      request.once("data", () => abort.abort(new Error("no more")));
    });
    const sending = team.streamMessage("s1", { clientId: "c1" }, forever(), abort);
    await expect(sending).rejects.toThrow("no more");
  });
});
