import { expect } from "vitest";
import { it } from "../support/e2e.ts";
import { Chat, PATIENCE } from "./chat.ts";

it("loses and doubles nothing when the server is killed in the middle of a conversation", async ({
  ownServer,
  context,
}) => {
  const writer = await Chat.open(context, ownServer);
  const reader = await Chat.open(context, ownServer);
  const texts: string[] = [];
  const write = async (text: string) => {
    texts.push(text);
    await writer.write(text);
  };
  await write("before");
  await reader.shows(texts);

  for (let round = 1; round <= 2; round += 1) {
    for (let index = 1; index <= 5; index += 1) {
      await write(`round ${round}, message ${index}`);
    }
    // Some of these are stored and acknowledged, some stored only, some neither.
    await ownServer.kill();
    await expect.poll(() => writer.connection(), PATIENCE).toBe("Reconnecting…");
    await write(`round ${round}, while nobody was there`);
    expect(await writer.deliveries()).toMatchObject({ queued: expect.any(Number) });
    await ownServer.start();
    await Promise.all([writer.connected(), reader.connected()]);
    await writer.hasDelivered(texts.length);
    await Promise.all([writer.shows(texts), reader.shows(texts)]);
  }

  const newcomer = await Chat.open(context, ownServer);
  await newcomer.shows(texts);
}, 240_000);
