// Own messages that the log does not show yet, in the order of writing. Each is kept until the server has it, whatever happens to
// this page; sent in order once it is known what the server has already, and again after each loss: its clientId makes that harmless.
// Long, because what a message goes through on its way out is one list, and each step of it a few lines.
import { byteLength } from "../../src/protocol/bytes.ts";
import type { SendFrame } from "../../src/protocol/frames.ts";
import { MAX_CONTENT_BYTES, MAX_MESSAGE_BYTES } from "../../src/protocol/limits.ts";
import type { Author, NewMessage } from "../../src/protocol/message.ts";
import { writtenMessage } from "./chat-message.ts";
import type { Clock } from "./environment.ts";
import type { OutboxStore, Written } from "./outbox-store.ts";
import type { OwnRole } from "./replica-parts.ts";
import { RequestError, type RequestErrorCode } from "./request-error.ts";
import { frames } from "./send-frames.ts";
import type { ChatMessage, Delivery } from "./session-state.ts";

/** Room comes back piece by piece; asking for each piece by itself would itself be too much. */
const MIN_PAUSE_MS = 5_000;

/** What another tab has not got rid of by then, it may never send itself. */
export const ADOPT_AFTER_MS = 3_000;

/** A message on its way, and what is shown of it. */
export interface Pending extends Written {
  readonly shown: ChatMessage;
}

/** Whoever waits for a message to be delivered. */
export interface Waiting {
  resolve(): void;
  reject(error: RequestError): void;
}

/** The clientIds that were written in this tab, or taken over by it for good, for whichever session, and who waits. */
export type OwnMessages = Map<string, Waiting | undefined>;

interface OutboxParts {
  readonly store: OutboxStore;
  readonly clock: Clock;
  readonly ownRole: OwnRole;
  readonly own: OwnMessages;
  readonly isSynced: () => boolean;
  /** Whether the log has it. */
  readonly isLogged: (clientId: string) => boolean;
  readonly author: () => Author | undefined;
  readonly sendUp: (frame: SendFrame) => void;
  /** What is pending has changed while nobody asked. */
  readonly changed: () => void;
}

export function createOutbox(parts: OutboxParts) {
  const { store, clock, ownRole, own, isSynced, isLogged, author, sendUp, changed } = parts;
  /** Undefined as long as there is none. */
  let sessionId: string | undefined;
  let pending: readonly Pending[] = [];
  let lastOrder = 0;
  let cancelResend: (() => void) | undefined;
  let cancelAdoption: (() => void) | undefined;
  /** Whether the session was over before anything could be written for it. */
  let isLate = false;
  /** Why nothing can be stored any more. */
  let ended: RequestErrorCode | undefined;
  /** All that this client wrote or took over for this session, but for what was refused. */
  const written = new Map<string, Pending>();

  /** When others' messages came along from a session that was left. */
  let movedAt = 0;

  /** Whether what was written after a message waits for its files, too. */
  let isPatient = true;

  const find = (clientId: string) => pending.find(({ message }) => message.clientId === clientId);

  const waiting = ({ message }: Written) => own.get(message.clientId);

  const take = (one: Written): void => {
    const key = one.message.clientId;
    const shown = writtenMessage(one, { role: ownRole, author: author() });
    const taken: Pending = { ...one, shown };
    pending = [...pending.filter(({ message }) => message.clientId !== key), taken].sort(
      (a, b) => a.order - b.order,
    );
    if (one.failure === undefined) {
      written.set(key, taken);
    }
  };

  const deliver = (which: (one: Pending) => boolean, delivery: Delivery): void => {
    if (pending.some(which)) {
      pending = pending.map((one) =>
        which(one) ? { ...one, shown: { ...one.shown, delivery } } : one,
      );
    }
  };
  const is = (delivery: Delivery) => (one: Pending) => one.shown.delivery === delivery;
  /** Its files come first. */
  const awaitsFiles = ({ files, message }: Written) => files && !message.attachments;
  const unsettled = () => pending.filter((one) => is("queued")(one) || is("sending")(one));
  const requeueSending = () => deliver(is("sending"), "queued");

  const stopResend = () => {
    cancelResend?.();
    cancelResend = undefined;
  };

  /** A clock that was put back makes nothing young for ever. */
  const ageMs = ({ order }: Written) => Math.abs(clock.now() - Math.max(order, movedAt));

  /** Another tab's that is young: that one is about to send it itself, and what was written before it. */
  const isHeld = (one: Pending) => !own.has(one.message.clientId) && ageMs(one) < ADOPT_AFTER_MS;

  const flush = (): void => {
    if (isSynced() && !cancelResend) {
      const waiting = pending.filter(is("queued"));
      const held = waiting.find((one) => isHeld(one) || (isPatient && awaitsFiles(one)));
      const queued = waiting.filter(
        (one) => !awaitsFiles(one) && one.order < (held?.order ?? Number.POSITIVE_INFINITY),
      );
      deliver((one) => queued.includes(one), "sending");
      for (const messages of frames(queued)) {
        sendUp({ type: "send", messages });
      }
      if (held && isHeld(held)) {
        look();
      }
    }
  };

  const refuse = (one: Pending, failure: RequestErrorCode): void => {
    waiting(one)?.reject(new RequestError(failure));
    take({ ...one, failure });
    written.delete(one.message.clientId);
  };

  const add = (given: NewMessage, files: Written["files"], settle?: Waiting): void => {
    const message = withoutFiles(given);
    lastOrder = Math.max(Math.floor(clock.now()), lastOrder + 1);
    const failure = ended ?? tooLarge(message);
    const one = { order: lastOrder, message, sessionId, files, failure };
    own.set(message.clientId, settle);
    store.put(one);
    take(one);
    if (failure !== undefined) {
      settle?.reject(new RequestError(failure));
    }
    flush();
  };

  /**
   * Takes what stands in storage for this session.
   *
   * @param now to leave to its own tab what that may just be sending; undefined to take all
   * @returns whether something was too young
   */
  const adopt = (now?: number): boolean => {
    let isYoungThere = false;
    for (const one of ended === undefined ? store.all() : []) {
      const { order, message } = one;
      const known = find(message.clientId);
      if (one.sessionId === undefined ? isLate : one.sessionId !== sessionId) {
        continue;
      }
      if (isLogged(message.clientId)) {
        store.drop(one);
      } else if (!known || (known.failure !== undefined && order > known.order)) {
        // Taken up again elsewhere, a refused one stands there under a later order.
        if (now !== undefined && Math.abs(now - order) < ADOPT_AFTER_MS) {
          isYoungThere = true;
        } else {
          take(stamp(one));
        }
      }
      lastOrder = Math.max(lastOrder, order);
    }
    return isYoungThere;
  };

  const stamp = (one: Written): Written => {
    const stamped = { ...one, sessionId };
    if (one.sessionId !== sessionId) {
      store.put(stamped);
    }
    return stamped;
  };

  const look = (): void => {
    cancelAdoption ??= clock.after(ADOPT_AFTER_MS, () => {
      cancelAdoption = undefined;
      if (adopt(clock.now())) {
        look();
      }
      flush();
      changed();
    });
  };

  adopt();

  return {
    /** Replaced when it changes. */
    get pending(): readonly Pending[] {
      return pending;
    },
    /** Own messages that are neither stored nor refused. */
    get count(): number {
      return unsettled().length;
    },
    /** Settles with what becomes of it. */
    send(message: NewMessage, files: Written["files"]): Promise<void> {
      const settled = new Promise<void>((resolve, reject) =>
        add(message, files, { resolve, reject }),
      );
      // Whoever does not listen is told by the message itself.
      settled.catch(() => undefined);
      return settled;
    },
    /** A new attempt, behind all others; whoever waited for the first one knows that it failed. */
    retry(clientId: string): void {
      const failed = find(clientId);
      if (failed?.failure !== undefined) {
        store.drop(failed);
        add(failed.message, failed.files);
      }
    },
    /** Who waits for a message, where that was written here. */
    waiting,
    /** Puts another in a message's place, or nothing. */
    replace(one: Pending, other: Written | undefined): void {
      written.delete(one.message.clientId);
      pending = pending.filter((it) => it !== one);
      if (other) {
        take(other);
      }
      flush();
      changed();
    },
    setPatient(patient: boolean): void {
      isPatient = patient;
      flush();
      changed();
    },
    /** The server has them; what the log here has not come to yet stays in sight. */
    stored(clientIds: ReadonlySet<string>, isInLog: boolean): void {
      const which = ({ message }: Pending) => clientIds.has(message.clientId);
      for (const one of pending.filter(which)) {
        store.drop(one);
        waiting(one)?.resolve();
      }
      if (isInLog) {
        pending = pending.some(which) ? pending.filter((one) => !which(one)) : pending;
      } else {
        deliver(which, "sent");
      }
    },
    refused(clientId: string, failure: RequestErrorCode): void {
      const one = find(clientId);
      if (one) {
        store.put({ ...one, failure });
        refuse(one, failure);
      }
    },
    /** What was too much for now stays in line, and what is written meanwhile behind it. */
    later(ms: number): void {
      stopResend();
      cancelResend = clock.after(Math.max(ms, MIN_PAUSE_MS), () => {
        cancelResend = undefined;
        requeueSending();
        flush();
        changed();
      });
    },
    flush,
    offline(): void {
      stopResend();
      requeueSending();
    },
    /** Nothing that is not stored by now ever will be. It is kept, for the next session. */
    over(failure: RequestErrorCode): void {
      ended = failure;
      for (const one of unsettled()) {
        // What was written for no session is the next one's, where one follows by itself.
        if (one.sessionId !== undefined || failure !== "session_expired") {
          refuse({ ...one, ...stamp(one) }, failure);
        }
      }
    },
    /** @param goesOn whether what comes after this goes on with a message */
    stop(goesOn: (one: Written) => boolean): void {
      for (const one of pending.filter((each) => !goesOn(each))) {
        waiting(one)?.reject(new RequestError(ended ?? "session_expired"));
      }
      stopResend();
      cancelAdoption?.();
      // Holds its place: nothing is looked for any more.
      cancelAdoption = () => undefined;
    },
    /** There is a session: what was written before is for it, unless it is over already. */
    opened(id: string, isActive: boolean): void {
      if (sessionId !== id) {
        sessionId = id;
        isLate = !isActive;
        pending = isLate ? pending : pending.map((one) => ({ ...one, ...stamp(one) }));
        adopt();
      }
    },
    /** Other tabs may have written, or be gone with what they wrote. */
    look,
    written: (): readonly Written[] => [...written.values()].sort((a, b) => a.order - b.order),
    /** Written for other sessions, that is. */
    unsent: (): Written[] =>
      store.all().filter((one) => one.sessionId !== undefined && one.sessionId !== sessionId),
    /**
     * Puts what was written for another session into this one's line, in its old place.
     *
     * @param isAsked whether a person asked for it here; else what other tabs wrote waits for them: they may know of more
     */
    requeue(list: readonly Written[], isAsked: boolean): void {
      for (const one of ended === undefined ? list : []) {
        // The other session's conversations are none of this one's.
        const { conversationId: _left, ...message } = withoutFiles(one.message);
        const moved = { ...one, message, sessionId, failure: tooLarge(message) };
        if (isAsked) {
          own.set(message.clientId, waiting(one));
        }
        store.put(moved);
        take(moved);
      }
      movedAt = isAsked ? movedAt : clock.now();
      flush();
    },
    store,
    drop(list: readonly Written[]): void {
      list.forEach(store.drop);
    },
    /** Drops all, whichever tab wrote it, and whichever session it was for; whoever waits for it is told why. */
    forget(why: RequestErrorCode): void {
      store.all().forEach(store.drop);
      for (const one of unsettled()) {
        waiting(one)?.reject(new RequestError(why));
      }
    },
  };
}

/** Those that it names may be another session's, or gone: they are named again when they are uploaded. */
function withoutFiles({ attachments: _named, ...message }: NewMessage): NewMessage {
  return message;
}

/** What no server would take could never be answered. */
function tooLarge(message: NewMessage): RequestErrorCode | undefined {
  return byteLength(message.content) > MAX_CONTENT_BYTES ||
    byteLength(JSON.stringify(message)) > MAX_MESSAGE_BYTES
    ? "message_too_large"
    : undefined;
}
