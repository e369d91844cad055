// How a session begins: all that it is made of in one transaction, and once, however often it is asked for.
import type { Result } from "../src/protocol/errors.ts";
import { newCredential } from "./access.ts";
import type { Alarm } from "./alarm.ts";
import type { CreateCall, Created, NewCredential } from "./calls.ts";
import { newConversationId } from "./ids.ts";
import { indexEpoch } from "./index-epoch.ts";
import { LiveSession } from "./live-session.ts";
import { newSession } from "./session-state.ts";
import type { SessionStore } from "./store.ts";

export function begin(
  ctx: DurableObjectState,
  env: Env,
  store: SessionStore,
  alarm: Alarm,
  call: CreateCall,
  now: number,
): LiveSession {
  const { deviceInfo, locationInfo } = call.credential;
  const { stored, conversation } = newSession(
    { ...call, deviceInfo, locationInfo, defaultConversationId: newConversationId() },
    call.team,
    indexEpoch(env),
    now,
  );
  const live = store.transaction(() => {
    store.create(stored, conversation);
    const live = new LiveSession(ctx, env, store, alarm, stored);
    live.credentials.save(newCredential(call.credential, "owner", null, now));
    live.projector.markSession(now);
    live.projector.markConversation(conversation.id, now);
    live.projector.record({ type: "session.created", actor: call.actor }, now);
    live.events.begin();
    return live;
  });
  live.events.happened();
  return live;
}

/** Asked for again under the idempotency key that it was created with: a key of its own for whoever asks. */
export function beginAgain(
  live: LiveSession,
  credential: NewCredential,
  now: number,
): Result<Created> {
  live.expireIfDue(now);
  if (!live.state.isKeyGood(now)) return { ok: false, code: "idempotency_key_expired" };
  const refusal = live.disabledRefusal() ?? live.access.addOwner(credential, now);
  return refusal ?? { ok: true, session: live.view("owner"), isNew: false };
}
