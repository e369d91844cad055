/** What a team's webhook hears of a session: everything, in order, once while all goes well. */

import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { call, newSession } from "../support/api.ts";
import { newHearingTeam } from "../support/receiver.ts";

const send = (chat: SessionWithToken, clientId: string) =>
  call(`/api/sessions/${chat.session.id}/messages`, {
    bearer: chat.token,
    body: { clientId, content: `message ${clientId}` },
  });

test("a session's life, as its team hears of it", async () => {
  const { teamId, receiver, secret } = await newHearingTeam();
  const chat = await newSession(teamId);
  const { id } = chat.session;
  await send(chat, "one");
  await send(chat, "two");
  await call(`/api/sessions/${id}`, { method: "DELETE", bearer: chat.token });
  const events = await receiver.untilEvent(({ type }) => type === "session.ended");
  expect(events.map((event) => [event.type, event.id])).toEqual([
    ["session.created", `evt_${id}_1`],
    ["message.created", `evt_${id}_4`],
    ["message.created", `evt_${id}_8`],
    ["session.ended", `evt_${id}_11`],
  ]);
  for (const { headers, body } of await receiver.got()) {
    expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: "session.events" });
  }
});
