// How current the session's idea of its team is. Callers bring word of the team with them; frames do not, so before one
// is acted on the policy is confirmed, as freshness.ts has it.
import type { TeamSettings } from "../src/domain/policy.ts";
import { Freshness } from "./freshness.ts";

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
  readonly #freshness: Freshness;

  constructor(last: Confirmation, team: WatchedTeam) {
    this.#last = last;
    this.#freshness = new Freshness({
      confirmedAt: () => last.teamConfirmedAt,
      ask: async (askedAt) => {
        const word = await team.load();
        if (word === undefined) return false;
        team.adopt(word);
        this.confirm(askedAt, Date.now());
        return true;
      },
    });
  }

  /** Somebody knows that the team was as it is known here at `at`. */
  confirm(at: number, now: number): void {
    const known = Math.min(at, now);
    if (known > this.#last.teamConfirmedAt) this.#last.teamConfirmedAt = known;
  }

  /** Goes by the team as the index has it; while that is down, the last word holds. Never fails. */
  learn(): Promise<void> {
    return this.#freshness.renew();
  }

  /** What a frame that has just come has to wait for, if for anything. */
  beforeFrame(now: number): Promise<void> | undefined {
    return this.#freshness.before(now);
  }
}
