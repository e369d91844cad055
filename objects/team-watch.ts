// How current the session's idea of its team is. Callers bring word of the team with them; frames do not, so before one
// is acted on the policy is confirmed: behind it when that is half a minute ago, ahead of it when it is a minute ago. With
// the index down, the last word holds, and it is asked again a little later.
import type { TeamSettings } from "../src/domain/policy.ts";
import { IndexError } from "../src/session-index/errors.ts";
import { within } from "../src/session-index/timeout.ts";

const REFRESH_AFTER_MS = 30_000;

/** No frame is acted on under a policy that was confirmed longer ago. */
const STALE_AFTER_MS = 60_000;

/** Frames wait this long for the index at most … */
const PATIENCE_MS = 1_000;

/** … and after that go on for this long before it is asked again. */
const RETRY_AFTER_MS = 10_000;

export interface WatchedTeam {
  /** Asks the index. Throws `IndexError`. */
  load(): Promise<TeamSettings | undefined>;
  /** The index's word, at least as new as what is known. */
  adopt(team: TeamSettings): void;
}

/** When the team was last confirmed, kept through an eviction; 0 when nobody knows. */
export interface Confirmation {
  teamConfirmedAt: number;
}

export class TeamWatch {
  readonly #last: Confirmation;
  readonly #team: WatchedTeam;
  #learning: Promise<void> | undefined;
  /** What frames wait for, in the order in which they came. */
  #gate: Promise<void> | undefined;
  #askAgainAt = 0;

  constructor(last: Confirmation, team: WatchedTeam) {
    this.#last = last;
    this.#team = team;
  }

  /** Somebody knows that the team was as it is known here at `at`. */
  confirm(at: number, now: number): void {
    const known = Math.min(at, now);
    if (known > this.#last.teamConfirmedAt) this.#last.teamConfirmedAt = known;
  }

  /** Goes by the team as the index has it; while that is down, the last word holds. Never fails. */
  learn(): Promise<void> {
    this.#learning ??= this.#load().finally(() => {
      this.#learning = undefined;
    });
    return this.#learning;
  }

  async #load(): Promise<void> {
    const askedAt = Date.now();
    try {
      const team = await this.#team.load();
      if (team !== undefined) {
        this.#team.adopt(team);
        this.confirm(askedAt, Date.now());
        return;
      }
    } catch (error) {
      if (!(error instanceof IndexError))
        console.error({ event: "team_lost", error: String(error) });
    }
    this.#askAgainAt = Date.now() + RETRY_AFTER_MS;
  }

  /** What a frame that has just come has to wait for, if for anything. */
  beforeFrame(now: number): Promise<void> | undefined {
    if (this.#gate !== undefined) return this.#gate;
    const age = now - this.#last.teamConfirmedAt;
    if (age < REFRESH_AFTER_MS || now < this.#askAgainAt) return undefined;
    const learning = this.learn();
    if (age < STALE_AFTER_MS) return undefined;
    this.#gate = within(PATIENCE_MS, learning)
      .catch(() => {
        this.#askAgainAt = Date.now() + RETRY_AFTER_MS;
      })
      .finally(() => {
        this.#gate = undefined;
      });
    return this.#gate;
  }
}
