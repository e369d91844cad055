// This browser's own session with the team, which all its tabs share through storage: how it is made, once, and kept young.
// Long, because creating, following, identifying and regaining a key all turn on one record, which nothing else may touch.
import {
  IDEMPOTENCY_WINDOW_MS,
  ROTATE_AFTER_MS,
  SUPERSEDED_GRACE_MS,
} from "../../src/protocol/limits.ts";
import type { OpenedSession, RefreshSessionResponse } from "../../src/protocol/rest.ts";
import type { Environment } from "./environment.ts";
import { createOpening, isSpentKey } from "./opening.ts";
import type { RequestError } from "./request-error.ts";
import { requestError, unauthenticated } from "./request-error.ts";
import type { Key, Rest } from "./rest.ts";
import { callWith } from "./rest.ts";
import type { SessionClientOptions } from "./session-client.ts";
import type { OwnRecord } from "./session-record.ts";
import { NO_SESSION, outranks, readOwn, writeOwn } from "./session-record.ts";
import type { Shelf } from "./shelf.ts";

/** After a creation storage is looked into again: what another tab wrote at the same moment may come to light late. */
const RIVAL_CHECKS_MS = [1_000, 5_000];

/** A session this old has had a life. */
const YOUNG_MS = 60_000;

/** What another tab wrote into storage is here by then. */
const STORAGE_PATIENCE_MS = 300;

/** Between two attempts to end a session that nobody needs, and how many there are. */
const END_AGAIN_MS = 10_000;
const END_ATTEMPTS = 6;

/** Another session than this tab's turned out to be the browser's. */
interface Followed {
  /** The one that this tab leaves. */
  readonly left: Key;
  /** Whether both were created at once, so that what was written into the one left belongs into the other. */
  readonly isRival: boolean;
}

/** What opening brought; undefined stands for a token that is in a cookie. */
type Opened = Pick<OpenedSession, "session"> & { readonly token?: string | undefined };

interface Parts {
  readonly rest: Rest;
  readonly shelf: Shelf;
  readonly environment: Environment;
  readonly options: SessionClientOptions;
  /** Called when another tab may have put another session into storage. */
  readonly look: () => void;
}

export type OwnSession = ReturnType<typeof createOwnSession>;

export function createOwnSession({ rest, shelf, environment, options, look }: Parts) {
  const { clock, newId, tabs } = environment;
  const { teamId } = options;
  const opening = createOpening(rest, environment, options);
  const loadedAt = clock.now();
  /** The session that this tab is in, even where storage has lost it. */
  let mine = NO_SESSION;
  /** Whether this tab took part in its creation. */
  let isCreator = false;
  /** What this tab created, and may have to end in favour of another. */
  let made: OwnRecord[] = [];
  /** When this tab went into it. */
  let enteredAt = 0;
  /** The key of a creation that can bring nothing any more. */
  let spentKey: string | undefined;
  /** What is under way in this tab to bind the session to a person. */
  let identification: Promise<OpenedSession> | undefined;
  let checks: readonly (() => void)[] = [];

  /**
   * As storage has it at this moment. Never keep its token: once another tab has rotated it, the server takes whoever comes
   * with the old one for a thief and shuts all tabs out.
   */
  function record(): OwnRecord {
    const stored = readStored();
    if (stored.sessionId && (mine.sessionId ?? stored.sessionId) === stored.sessionId) {
      be(stored);
    }
    return mine;
  }

  /** What a tab wrote that has not heard yet of the session that came after counts for nothing. */
  function readStored(): OwnRecord {
    const stored = readOwn(shelf);
    const { generation, createKey } = mine;
    return stored.generation < generation ? { ...NO_SESSION, generation, createKey } : stored;
  }

  function be(record: OwnRecord): void {
    if (record.sessionId !== mine.sessionId) {
      enteredAt = clock.now();
    }
    mine = record;
  }

  function key(): Key | undefined {
    const { sessionId, token } = record();
    return sessionId ? { sessionId, token } : undefined;
  }

  /** Stored first and used after: a page that is closed between the two must not come back with the old one. */
  function keep(record: OwnRecord): void {
    writeOwn(shelf, record);
    be(record);
  }

  function tell(
    kind: "session" | "terminated",
    { id, version }: { readonly id: string; readonly version: number | undefined },
  ): void {
    tabs.post({ kind, teamId, sessionId: id, version });
  }

  function opened({ session, token }: Opened): OwnRecord {
    return {
      ...mine,
      sessionId: session.id,
      token,
      refreshedAt: clock.now(),
      expiresAt: Date.parse(session.expiresAt),
      beganAt: Date.parse(session.createdAt),
      ended: false,
      identifying: false,
    };
  }

  /** This browser's session is another one from now on, or has another key. */
  function replace(answer: Opened): void {
    const { sessionId, generation } = record();
    const follows = sessionId && sessionId !== answer.session.id;
    isCreator = false;
    keep({ ...opened(answer), generation: follows ? generation + 1 : generation });
    tell("session", answer.session);
  }

  /**
   * Goes over to the session that storage has, unless this tab's has the better right to be the browser's: then storage is
   * told so.
   *
   * @param isAlive whether this tab's session goes on, as far as it knows
   * @returns undefined when this tab stays where it is
   */
  function follow(isAlive: boolean): Followed | undefined {
    const stored = readOwn(shelf);
    const left = key();
    if (!left || (stored.sessionId ?? left.sessionId) === left.sessionId) {
      return undefined;
    }
    if (isAlive && !mine.ended && stored.beganAt > 0 && outranks(mine, stored)) {
      keep(mine);
      tabs.post({ kind: "session", teamId, sessionId: left.sessionId });
      return undefined;
    }
    const isRival = stored.generation === mine.generation;
    for (const one of made) {
      // An older token than the last may have been replaced, and whoever comes with it is taken for a thief.
      const token = one.sessionId === left.sessionId ? left.token : one.token;
      const isFresh = token === left.token || clock.now() - one.refreshedAt < YOUNG_MS;
      if (isRival && isFresh && one.sessionId && outranks(stored, one)) {
        end({ ...one, sessionId: one.sessionId, token });
      }
    }
    made = made.filter((one) => one.sessionId === stored.sessionId);
    be(stored);
    isCreator = false;
    return { left, isRival };
  }

  /** Leaves the session that is over, for the one that another tab began since, or else for a new one. */
  function leave(): void {
    const { sessionId, generation } = readOwn(shelf);
    if (sessionId && sessionId === mine.sessionId) {
      keep({ ...NO_SESSION, generation: generation + 1, createKey: newId() });
    } else {
      be({ ...NO_SESSION, generation: mine.generation });
    }
    isCreator = false;
  }

  /** Nobody is to find what nobody needs; where that cannot be said now, it is said later. */
  function end(one: Key & Pick<OwnRecord, "createKey">, attempt = 1): void {
    endNow(one).catch(({ retryable }: RequestError) => {
      if (retryable && attempt < END_ATTEMPTS) {
        clock.after(END_AGAIN_MS * attempt, () => end(one, attempt + 1));
      }
    });
  }

  /** The cookie is the other session's, or will be: what is to end is ended with a key of its own. */
  async function endNow({ sessionId, token, createKey }: Key & Pick<OwnRecord, "createKey">) {
    const own = token ?? (createKey && (await opening.again(createKey)).token);
    await callWith(rest, { sessionId, token: own }, "DELETE", "");
  }

  /**
   * Tabs that create at the same time share one key through storage, and the same key makes the same session. Where two
   * keys were written in the same moment, the session that outranks the other stays, and the other is ended.
   *
   * @returns undefined when there is another session to enter
   */
  async function create(): Promise<OpenedSession | undefined> {
    const before = readStored();
    if (before.sessionId) {
      return undefined;
    }
    const shared = before.createKey === spentKey ? undefined : before.createKey;
    const createKey = shared ?? newId();
    const generation = Math.max(before.generation, mine.generation);
    if (!shared) {
      // Stored before it is used: when the answer gets lost, the same key asks for it again.
      keep({ ...NO_SESSION, generation, createKey });
    }
    const answer = await opening.open(createKey).catch(async (error) => {
      if (isSpentKey(error)) {
        // The session behind it is over, or out of reach: nobody kept its token, unless storage is about to tell.
        spentKey = createKey;
        await storageTold();
      }
      throw error;
    });
    const created = { ...opened(answer), generation, createKey };
    const now = readStored();
    const isOther = ({ sessionId }: OwnRecord) =>
      (sessionId ?? created.sessionId) !== created.sessionId;
    const better = [now, mine].find((one) => isOther(one) && outranks(one, created));
    if (better) {
      if (now.sessionId === undefined) {
        // This tab has gone elsewhere meanwhile, and the key of a creation was written over what storage had.
        keep(better);
      }
      end({ createKey, sessionId: answer.session.id, token: answer.token });
      return undefined;
    }
    made.push(created);
    if (isOther(mine)) {
      // This tab has gone elsewhere meanwhile, and comes back like any other.
      writeOwn(shelf, created);
      tell("session", answer.session);
      look();
      return undefined;
    }
    isCreator = true;
    checks = RIVAL_CHECKS_MS.map((ms) => clock.after(ms, look));
    if (now.sessionId === created.sessionId) {
      be(now);
      return { ...answer, ...(now.token && { token: now.token }) };
    }
    keep(created);
    tell("session", answer.session);
    return answer;
  }

  /** Whether nothing has prolonged the session's life for so long, in whichever tab. */
  function isOlderThan(ms: number): boolean {
    const age = clock.now() - record().refreshedAt;
    return age >= ms || age < 0;
  }

  function note({ sessionId }: Key, identifying: boolean): void {
    if (record().sessionId === sessionId) {
      keep({ ...record(), identifying });
    }
  }

  /** Binds the session to a person; it may get another key by that. */
  async function identify(key: Key, identityToken: string | undefined) {
    const presented = identityToken ?? (await opening.presentedIdentity());
    if (!presented) {
      throw unauthenticated();
    }
    const { identifying } = record();
    note(key, true);
    identification = opening.identify(key, presented).catch(async (error) => {
      if (requestError(error).code === "invalid_credential" && identifying) {
        // It was done the last time, and the new key got lost with the answer.
        return await opening.resume(presented, key.sessionId);
      }
      if (!requestError(error).retryable) {
        note(key, identifying);
      }
      throw error;
    });
    const answer = await identification;
    replace({ ...answer, token: answer.token ?? key.token });
    return answer;
  }

  /** Slides the expiry and takes the new token, if there is one. Tabs that do it at once get the same. */
  async function refresh(key: Key, rotate: boolean): Promise<RefreshSessionResponse> {
    const { sessionId } = key;
    const body = rotate ? { rotate } : {};
    const answer = await callWith<RefreshSessionResponse>(rest, key, "POST", "/refresh", body);
    const { session, token = key.token } = answer;
    if (mine.sessionId === sessionId) {
      const renewed = opened({ session, token });
      const stored = readOwn(shelf);
      // What another tab has stored meanwhile came of this token or of its successor: it is the younger one.
      const isSame =
        (stored.sessionId ?? sessionId) === sessionId && (stored.token ?? key.token) === key.token;
      if (isSame && !stored.ended) {
        keep(renewed);
      } else if (mine.token === key.token) {
        mine = renewed;
      }
    }
    return answer;
  }

  /**
   * After a key was refused: gets another where this browser is still entitled to one. Rejects where that cannot be told
   * now.
   *
   * @returns whether there is another
   */
  async function reclaim(tried: Key): Promise<boolean> {
    await identification?.catch(() => undefined);
    if (key()?.token !== tried.token) {
      return true;
    }
    return record().identifying ? await reclaimByPerson() : await reclaimByCreation();
  }

  /** An identification may have been done whose answer, with the new key, got lost. */
  async function reclaimByPerson(): Promise<boolean> {
    const { sessionId } = record();
    const identityToken = await opening.presentedIdentity();
    if (!identityToken) {
      return false;
    }
    try {
      replace(await opening.resume(identityToken, sessionId));
      return true;
    } catch (error) {
      if (requestError(error).retryable) {
        throw error;
      }
      return false;
    }
  }

  /** Two creations at once leave one cookie, which may be the other session's. The key of the creation gives this one another. */
  async function reclaimByCreation(): Promise<boolean> {
    const { sessionId, token, createKey, refreshedAt } = record();
    if (token || !createKey || clock.now() - refreshedAt > IDEMPOTENCY_WINDOW_MS) {
      return false;
    }
    try {
      const { session } = await opening.open(createKey);
      return session.id === sessionId;
    } catch (error) {
      if (isSpentKey(error)) {
        return false;
      }
      throw error;
    }
  }

  async function storageTold(): Promise<void> {
    let begunAt: number;
    do {
      begunAt = clock.now();
      await new Promise<void>((resolve) => clock.after(STORAGE_PATIENCE_MS, resolve));
      // Time in which the device slept was none for storage.
    } while (clock.now() - begunAt >= SUPERSEDED_GRACE_MS);
  }

  /** Whether the token is old enough to be offered for rotation. */
  function rotationDue(): boolean {
    return Boolean(record().token) && isOlderThan(ROTATE_AFTER_MS);
  }

  return {
    record,
    key,
    reclaim,
    replace,
    follow,
    leave,
    create: () => environment.exclusively(teamId, create),
    identify,
    refresh,

    /** Whether it was made here a moment ago. */
    get isYoung(): boolean {
      return isCreator && clock.now() - enteredAt < YOUNG_MS;
    },

    /** Whether this tab went into it a moment ago, so that another one may still come to light. */
    get mayHaveRival(): boolean {
      return clock.now() - enteredAt < Math.max(...RIVAL_CHECKS_MS);
    },

    /** Looks for nothing any more. */
    stop(): void {
      for (const cancel of checks) {
        cancel();
      }
    },

    isOlderThan,

    rotationDue,

    /**
     * Waits until storage has told what it has to tell. A device that slept may wake a page before that: another one may have
     * replaced the token in the last moment, and whoever still comes with the old one is taken for a thief.
     */
    async awake(): Promise<void> {
      if (rotationDue() && clock.now() - loadedAt > YOUNG_MS) {
        await storageTold();
      }
    },

    /** Tells all tabs, those of later too, that the session was ended here. */
    ended(version: number | undefined): void {
      const { sessionId } = mine;
      if (sessionId !== undefined) {
        if (readOwn(shelf).sessionId === sessionId) {
          keep({ ...mine, ended: true });
        }
        tell("terminated", { id: sessionId, version });
      }
    },
  };
}
