// What has to be true of a session, or may be, after all that was asked of it, whether anybody heard the answer or not.
// Times are epoch milliseconds.
import { EMPTY_KEPT_MS } from "../../../src/domain/lifecycle.ts";
import { TOUCH_INTERVAL_MS } from "../../../src/domain/session-state.ts";
import { UNSENT_FILE_MS } from "../../../src/protocol/limits.ts";
import type { TeamPolicy } from "../../../src/protocol/team.ts";
import { DAY_MS } from "../../support/clock.ts";

/** Of what was asked for and nobody knows whether it happened: "maybe". */
export type Sure = "no" | "maybe" | "yes";

export interface FileModel {
  readonly clientId: string;
  readonly text: string;
  readonly at: number;
  readonly side: "visitor" | "team";
  stored: Sure;
  /** Known once somebody was told. */
  fileId: string | undefined;
  deleted: Sure;
  /** Whether some message has it. */
  taken: Sure;
}

export interface MessageModel {
  readonly clientId: string;
  /** What it says in the end; of an answer whose stream broke off, a part of it from the beginning on. */
  readonly content: string;
  readonly isStreamed: boolean;
  readonly files: readonly FileModel[];
  stored: Sure;
  /** Known once somebody was told. */
  id: string | undefined;
  seq: number | undefined;
  redacted: Sure;
}

interface Attempt {
  readonly at: number;
  readonly isSure: boolean;
}

export class SessionModel {
  readonly id: string;
  readonly createdAt: number;
  /** The owner's, while it is known to be good. */
  token: string | undefined;
  readonly messages: MessageModel[] = [];
  readonly files: FileModel[] = [];
  readonly #policy: TeamPolicy;
  /** When a call last slid the expiry for sure, and when one may have. */
  #slidAt: number;
  #mayHaveSlidAt: number;
  #endings: Attempt[] = [];
  #erasures: Attempt[] = [];

  constructor(id: string, token: string | undefined, policy: TeamPolicy, now: number) {
    this.id = id;
    this.token = token;
    this.#policy = policy;
    this.createdAt = now;
    this.#slidAt = now;
    this.#mayHaveSlidAt = now;
  }

  /** Somebody called who may keep it alive. */
  called(now: number): void {
    if (!this.mustHaveEnded(now)) this.#mayHaveSlidAt = now;
  }

  /** The owner wrote or came by: it was active then. */
  slid(now: number): void {
    this.wasActive(now);
    this.#slidAt = now;
  }

  /** Something worked that only an active session does: no attempt to end it before came to anything. */
  wasActive(now: number): void {
    this.#endings = this.#endings.filter(({ at }) => at > now);
  }

  endAsked(at: number, isSure: boolean): void {
    this.#endings.push({ at, isSure });
  }

  eraseAsked(at: number, isSure: boolean): void {
    this.#erasures.push({ at, isSure });
    this.endAsked(at, isSure);
  }

  get mayBeErased(): boolean {
    return this.#erasures.length > 0;
  }

  /** Between when and when it ended, or will. */
  get ends(): { readonly from: number; readonly to: number } {
    const absolute = this.createdAt + this.#policy.absoluteDays * DAY_MS;
    const idleMs = this.#policy.idleDays * DAY_MS;
    const attempts = this.#endings.map(({ at }) => at);
    const sure = this.#endings.filter(({ isSure }) => isSure).map(({ at }) => at);
    return {
      from: Math.min(absolute, this.#slidAt + idleMs, ...attempts),
      to: Math.min(absolute, this.#mayHaveSlidAt + idleMs + TOUCH_INTERVAL_MS, ...sure),
    };
  }

  mayHaveEnded(now: number): boolean {
    return now >= this.ends.from;
  }

  mustHaveEnded(now: number): boolean {
    return now >= this.ends.to;
  }

  mayBeArchived(now: number): boolean {
    return now >= this.ends.from + this.#policy.archiveAfterDays * DAY_MS;
  }

  /** Whether it may be purged, or open to nobody since it is about to be. */
  mayBeGone(now: number): boolean {
    const isMaybeEmpty = this.messages.every(({ stored }) => stored !== "yes");
    const keptMs = this.#policy.retentionDays * DAY_MS;
    const least = isMaybeEmpty ? Math.min(EMPTY_KEPT_MS, keptMs) : keptMs;
    return this.mayBeErased || now >= this.ends.from + least;
  }

  mustBeGone(now: number): boolean {
    const isErased = this.#erasures.some(({ isSure }) => isSure);
    return isErased || now >= this.ends.to + this.#policy.retentionDays * DAY_MS;
  }

  /** The same, where everything that alarms and the cleanup do has been done. @param restlessUntil before they did it */
  mustBeGoneAtRest(now: number, restlessUntil: number): boolean {
    const isEmpty = this.messages.every(({ stored }) => stored === "no");
    return this.mustBeGone(now) || (isEmpty && this.mustHaveEnded(restlessUntil));
  }

  mayBeRead(file: FileModel, now: number): boolean {
    return file.stored !== "no" && file.deleted !== "yes" && !this.mustBeGone(now);
  }

  mustBeRead(file: FileModel, now: number): boolean {
    const isKept = file.taken === "yes" || now < file.at + UNSENT_FILE_MS;
    const isThere = file.stored === "yes" && file.deleted === "no" && isKept;
    return isThere && !this.mayBeArchived(now) && !this.mayBeGone(now);
  }
}
