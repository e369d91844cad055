// What a sender hears of its own frames, beside their delivery to everyone.
import type { Failure, FrameErrorCode, Result } from "../src/protocol/errors.ts";
import type { Posted } from "./calls.ts";
import type { Peer } from "./peer.ts";
import type { Outcome, Refused } from "./submission.ts";

interface RefusalDetails {
  readonly clientId?: string;
  readonly retryAfterMs?: number | undefined;
}

export function refuse(
  peer: Peer,
  code: FrameErrorCode,
  { clientId, retryAfterMs }: RefusalDetails = {},
): void {
  peer.send({
    type: "error",
    code,
    ...(clientId !== undefined && { clientId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** The same to a caller by HTTP. */
export function failureOf({ code, retryAfterMs, errors }: Refused): Failure {
  return {
    ok: false,
    code,
    ...(errors !== undefined && { errors }),
    ...(retryAfterMs !== undefined && { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
  };
}

/** What becomes of one message, to a caller by HTTP. */
export function postedOf(outcome: Outcome): Result<Posted> {
  return outcome.kind === "refused"
    ? failureOf(outcome)
    : { ok: true, message: outcome.message, isNew: outcome.kind === "stored" };
}

/** Tells a sender what its delivery does not tell it: what had been stored before, and what was not stored. */
export function answer(peer: Peer, outcomes: readonly Outcome[]): void {
  const items = outcomes.flatMap((outcome) =>
    outcome.kind === "duplicate"
      ? [{ clientId: outcome.message.clientId ?? "", seq: outcome.message.seq }]
      : [],
  );
  if (items.length > 0) peer.send({ type: "stored", items });
  for (const outcome of outcomes) {
    if (outcome.kind === "refused") refuse(peer, outcome.code, outcome);
  }
}
