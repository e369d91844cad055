// The state of a created session: its record, its credentials, and the rules of src/domain applied to them. Memory here
// is a cache of the store; every change is written in the same breath.
import {
  type CallerRole,
  mayRole,
  opensWhenEnded,
  type SessionOperation,
  viewerOf,
} from "../src/domain/access.ts";
import { type ConversationRecord, newConversation } from "../src/domain/conversation-record.ts";
import { touchFlushDue } from "../src/domain/deadlines.ts";
import type { TeamSettings } from "../src/domain/policy.ts";
import {
  archive,
  deadline,
  end,
  expireIfDue,
  identify,
  isTouchDue,
  reschedule,
  type SessionRecord,
  touch,
} from "../src/domain/session-state.ts";
import { endedCode, viewSession } from "../src/domain/view.ts";
import type { ErrorCode, Result } from "../src/protocol/errors.ts";
import { IDEMPOTENCY_WINDOW_MS } from "../src/protocol/limits.ts";
import type { EndReason, Session } from "../src/protocol/session.ts";
import { type Actor, unknownSession } from "./calls.ts";
import type { Credentials } from "./credentials.ts";
import type { Archived, StoredSession } from "./session-row.ts";
import type { SessionStore } from "./store.ts";

export class SessionState {
  readonly #store: SessionStore;
  readonly #credentials: Credentials;
  #stored: StoredSession;
  /** A message that keeps the session alive is its own touch: the record catches up when it is next written. */
  #slidAt: number;
  #record: SessionRecord;

  /** `slidAt`: when the newest message that keeps the session alive was stored, 0 without one. */
  constructor(
    store: SessionStore,
    credentials: Credentials,
    stored: StoredSession,
    slidAt: number,
  ) {
    this.#store = store;
    this.#stored = stored;
    this.#credentials = credentials;
    this.#slidAt = slidAt;
    this.#record = this.#current();
  }

  /** The session row as it was last written. */
  get stored(): StoredSession {
    return this.#stored;
  }

  /** The record, as current as the log. */
  get record(): SessionRecord {
    return this.#record;
  }

  get team(): TeamSettings {
    return this.#stored.team;
  }

  get isActive(): boolean {
    return this.#stored.record.status === "active";
  }

  view(lastSeq: number, role: CallerRole): Session {
    return viewSession(this.record, this.team.policy, lastSeq, viewerOf(role));
  }

  /** Whether `actor` may do `operation`, and as what. Its secret, where it has one, was looked at before. */
  admit(actor: Actor, operation: SessionOperation): Result<{ readonly role: CallerRole }> {
    const role = this.#roleOf(actor);
    if (role === undefined) return unknownSession(actor);
    if (!mayRole(operation, role)) return { ok: false, code: "forbidden" };
    const refusal = opensWhenEnded(operation, role) ? undefined : this.endedCode();
    return refusal === undefined ? { ok: true, role } : { ok: false, code: refusal };
  }

  #roleOf(actor: Actor): CallerRole | undefined {
    if (actor.kind === "team" || actor.kind === "operator") {
      return actor.teamId === this.#stored.record.teamId ? actor.kind : undefined;
    }
    return this.#credentials.get(actor.credentialId)?.role;
  }

  /** Why the holder of a credential, or the team (null), may write nothing now, if so. */
  writeRefusal(credentialId: string | null, now: number): ErrorCode | undefined {
    if (this.isOverdue(now)) return "session_expired";
    if (this.team.policy.disabled) return "team_disabled";
    const isGone = credentialId !== null && this.#credentials.get(credentialId) === undefined;
    return this.endedCode() ?? (isGone ? "invalid_credential" : undefined);
  }

  /** Why the session takes nothing more, if so. */
  endedCode(): ErrorCode | undefined {
    const { status } = this.#stored.record;
    return status === "active" ? undefined : endedCode(status);
  }

  /** Whether a deadline lies behind `now`. */
  isOverdue(now: number): boolean {
    const at = this.deadlineAt();
    return at !== undefined && now >= at;
  }

  /** Goes by `team` from now on. True if that moves the expiry, which is a new version of the record. */
  adoptTeam(team: TeamSettings, now: number): boolean {
    const { record: before, team: old } = this.#stored;
    const record = reschedule(before, old.policy, team.policy, now);
    this.#save({ team, record });
    return record !== before;
  }

  /** Slides the expiry for a call at `now`, at most once a touch interval. True if it was written. */
  touch(now: number): boolean {
    return isTouchDue(this.record, now) && this.refresh(now);
  }

  /** Slides the expiry. True if it was written. */
  refresh(now: number): boolean {
    return this.#saveRecord(touch(this.record, now, now));
  }

  /** The owner's last socket closed; it was last heard of at `heardAt`. */
  socketsClosed(heardAt: number, now: number): void {
    if (!this.isActive) return;
    const lastAccessed = Math.max(heardAt, this.record.lastAccessed);
    this.#save({ record: touch(this.#stored.record, lastAccessed, now), socketsClosedAt: now });
  }

  /** Sockets tell of life without a write; this writes it down. */
  heardUntil(heardAt: number, now: number): void {
    this.#saveRecord(touch(this.record, heardAt, now));
  }

  slid(now: number): void {
    this.#slidAt = Math.max(this.#slidAt, now);
    this.#record = this.#current();
  }

  /** @param afterSeq the log's last `seq` */
  identify(userId: string, afterSeq: number, now: number): void {
    const record = identify(this.record, userId, now);
    this.#save({ record, identifiedAfterSeq: afterSeq, identifiedAt: now });
  }

  /** Whether whoever has the idempotency key it was created with may have another key to it. */
  isKeyGood(now: number): boolean {
    const { record, isKeyGood } = this.#stored;
    // Once it is somebody's, a key from before opens it to nobody.
    return (
      this.isActive &&
      isKeyGood &&
      record.userId === null &&
      now - record.createdAt <= IDEMPOTENCY_WINDOW_MS
    );
  }

  /** The idempotency key opens nothing any more. */
  spendKey(now: number): void {
    if (this.isKeyGood(now)) this.#save({ isKeyGood: false });
  }

  end(reason: EndReason, now: number): void {
    this.#saveRecord(end(this.record, reason, now, now));
  }

  /** Ends the session if its deadline is behind; it then ended when that was. */
  expireIfDue(now: number): void {
    this.#saveRecord(expireIfDue(this.record, this.team.policy, now));
  }

  /** Its messages are in the bucket, as `archived` has it. */
  archive(archived: Archived, now: number): void {
    this.#save({ archive: archived, record: archive(this.record, now) });
  }

  /** The transcript is another: something in it was taken back. */
  rearchive(archived: Archived): void {
    this.#save({ archive: archived });
  }

  /** All of it is to be gone. */
  askErase(now: number): void {
    this.#save({ eraseAskedAt: now });
  }

  /** Gives touches that only the log knows a version of their own, for the index to hear of. */
  writeSlide(now: number): void {
    const { record } = this.#stored;
    if (this.record !== record) this.#saveRecord(touch(record, this.record.lastAccessed, now));
  }

  indexed(record: SessionRecord, readAt: number, wholeInEpoch: number | undefined): void {
    this.#save({
      indexedAt: readAt,
      indexedAccess: record.lastAccessed,
      indexEpoch: Math.max(wholeInEpoch ?? 0, this.#stored.indexEpoch),
    });
  }

  touchFlushDue(socketsOpen: boolean): number | undefined {
    const { indexedAt, indexedAccess, socketsClosedAt } = this.#stored;
    const { lastAccessed } = this.record;
    return touchFlushDue({ lastAccessed, indexedAccess, indexedAt, socketsClosedAt, socketsOpen });
  }

  deadlineAt(): number | undefined {
    return this.isActive ? deadline(this.record, this.team.policy).at : undefined;
  }

  #saveRecord(record: SessionRecord): boolean {
    if (record.version === this.#stored.record.version) return false;
    this.#save({ record });
    return true;
  }

  #save(fields: Partial<StoredSession>): void {
    const stored = { ...this.#stored, ...fields };
    this.#store.saveSession(stored);
    this.#stored = stored;
    this.#record = this.#current();
  }

  #current(): SessionRecord {
    const { record } = this.#stored;
    return record.status === "active" && this.#slidAt > record.lastAccessed
      ? { ...record, lastAccessed: this.#slidAt }
      : record;
  }
}

/** A session and its first thread as they begin. */
export function newSession(
  input: Pick<
    SessionRecord,
    "id" | "userFingerprint" | "deviceInfo" | "locationInfo" | "defaultConversationId"
  >,
  team: TeamSettings,
  indexEpoch: number,
  now: number,
): { readonly stored: StoredSession; readonly conversation: ConversationRecord } {
  return {
    stored: {
      record: {
        ...input,
        teamId: team.id,
        teamNumber: team.number,
        status: "active",
        endReason: null,
        endedAt: null,
        archivedAt: null,
        version: 1,
        userId: null,
        createdAt: now,
        updatedAt: now,
        lastAccessed: now,
      },
      team,
      indexedAt: 0,
      indexedAccess: 0,
      socketsClosedAt: null,
      identifiedAfterSeq: null,
      identifiedAt: null,
      isKeyGood: true,
      archive: null,
      eraseAskedAt: null,
      indexEpoch,
    },
    conversation: newConversation(input.defaultConversationId, now),
  };
}
