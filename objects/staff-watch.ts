// Whether members of the staff who are connected are still signed in. Nothing is sent to an operator's socket, nor acted
// on from it, unless its token was confirmed within a minute, as freshness.ts has it, and has not expired.
import type { OperatorTokenRecord } from "../src/session-index/operator-tokens.ts";
import type { StaffToken } from "./calls.ts";
import { Freshness } from "./freshness.ts";

export interface WatchedStaff {
  /** Asks the index. Throws `IndexError`. */
  load(tokenId: string): Promise<OperatorTokenRecord | undefined>;
  /** It was good at `at`: its sockets keep that through an eviction. */
  confirmed(tokenId: string, at: number): void;
  /** It opens nothing any more: its sockets are closed. */
  signedOut(tokenId: string): void;
}

interface Watched {
  confirmedAt: number;
  /** False once the index has said that it is not, which is for ever. */
  isGood: boolean;
  readonly freshness: Freshness;
}

export class StaffWatch {
  readonly #staff: WatchedStaff;
  readonly #byToken = new Map<string, Watched>();

  constructor(staff: WatchedStaff) {
    this.#staff = staff;
  }

  /** What dealings with the holder of `token` have to wait for, if for anything. Closes its sockets when it is no good. */
  before(token: StaffToken, now: number): Promise<void> | undefined {
    const watched = this.#watched(token);
    if (watched.isGood && now < token.expiresAt) return watched.freshness.before(now);
    this.#staff.signedOut(token.tokenId);
    return undefined;
  }

  #watched({ tokenId, confirmedAt }: StaffToken): Watched {
    const known = this.#byToken.get(tokenId);
    if (known !== undefined) {
      known.confirmedAt = Math.max(known.confirmedAt, confirmedAt);
      return known;
    }
    const watched: Watched = {
      confirmedAt,
      isGood: true,
      freshness: new Freshness({
        confirmedAt: () => watched.confirmedAt,
        ask: async (askedAt) => {
          const record = await this.#staff.load(tokenId);
          // A token that has expired is cleared away.
          if (record === undefined || record.revokedAt !== null) {
            watched.isGood = false;
            this.#staff.signedOut(tokenId);
            return true;
          }
          watched.confirmedAt = Math.max(watched.confirmedAt, askedAt);
          this.#staff.confirmed(tokenId, watched.confirmedAt);
          return true;
        },
      }),
    };
    this.#byToken.set(tokenId, watched);
    return watched;
  }
}
