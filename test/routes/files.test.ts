/** Files over HTTP: up, into a message, down, and gone. */
import { beforeAll, expect, test } from "vitest";
import type { Message } from "../../src/protocol/message.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession, newTeam, things } from "../support/api.ts";
import { download, FILES, keysOf, remove, uploaded } from "../support/files.ts";
import type { TeamThings } from "../support/named-things.ts";
import { refusal } from "../support/problem.ts";

let team: TeamThings;
let chat: SessionWithToken;

beforeAll(async () => {
  team = await things.team(await newTeam());
  chat = await newSession(team.teamId);
});

async function post(body: object, bearer = chat.token): Promise<Response> {
  const message = { clientId: crypto.randomUUID(), content: "", ...body };
  return await call(`/api/sessions/${chat.session.id}/messages`, { bearer, body: message });
}

test("a file is uploaded, sent, read by the team, and deleted", async () => {
  const file = await uploaded(chat, FILES.png, { name: "A plan.png" });
  expect(file).toEqual({
    fileId: expect.stringMatching(/^file_[\w-]{16}$/),
    name: "A plan.png",
    type: "image/png",
    size: FILES.png.bytes.length,
  });
  expect(await keysOf(chat)).toContain(`files/${chat.session.id}/${file.fileId}`);
  const posted = await post({ attachments: [{ fileId: file.fileId }] });
  expect(posted.status).toBe(201);
  const { message } = await posted.json<{ message: Message }>();
  expect(message).toMatchObject({ content: "", attachments: [file] });

  const read = await download(chat, file.fileId, { bearer: team.teamKey });
  expect(read.status).toBe(200);
  expect(new Uint8Array(await read.arrayBuffer())).toEqual(FILES.png.bytes);

  expect((await remove(chat, file.fileId)).status).toBe(204);
  expect((await remove(chat, file.fileId)).status).toBe(204);
  expect(await refusal(await download(chat, file.fileId))).toBe("404 file_not_found");
  expect(await keysOf(chat)).toContain(`files/${chat.session.id}/${file.fileId}`);
});
