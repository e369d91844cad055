// One visitor's session with one team: the actions, and who in this directory does each.
// Long, because it is the list of them, a few lines each.
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import { DEFAULT_PAGE_MESSAGES } from "../../src/protocol/limits.ts";
import type { Session } from "../../src/protocol/session.ts";
import { browserEnvironment } from "./browser-environment.ts";
import { Connection } from "./connection.ts";
import type { ConnectionEnd } from "./connection-handlers.ts";
import type { Environment } from "./environment.ts";
import { Invitation } from "./invitation.ts";
import { OwnSession } from "./own-session.ts";
import { RequestError } from "./request-error.ts";
import { RestClient } from "./rest-client.ts";
import type { SessionEnd } from "./session-access.ts";
import { SessionAccess } from "./session-access.ts";
import type {
  SendOptions,
  Sent,
  SessionClient,
  SessionClientOptions,
  Sharing,
} from "./session-client.ts";
import type { InvitedRecord, OwnRecord, RecordStore } from "./session-record.ts";
import { invitedRecords, ownRecords } from "./session-record.ts";
import type { SessionReplica } from "./session-replica.ts";
import { createReplica } from "./session-replica.ts";
import type { SessionClientState } from "./session-state.ts";
import { INITIAL_STATE, isValid } from "./session-state.ts";
import { sharing } from "./sharing.ts";
import { NO_SHELF } from "./shelf.ts";
import { Store } from "./store.ts";

/** How often an open tab looks whether its token has grown old. */
const AGE_CHECK_MS = 3_600_000;

/** What a tab shows of a session that nobody has told it of. */
const { sessionId, session, conversation, messages, readUpTo, older } = INITIAL_STATE;
const UNKNOWN_SESSION = { sessionId, session, conversation, messages, readUpTo, older } as const;

class Client implements SessionClient {
  readonly devices: Sharing["devices"];
  readonly revokeDevice: Sharing["revokeDevice"];
  readonly revokeOtherDevices: Sharing["revokeOtherDevices"];
  readonly share: Sharing["share"];
  readonly handOff: Sharing["handOff"];
  readonly invites: Sharing["invites"];
  readonly revokeInvite: Sharing["revokeInvite"];
  readonly #store = new Store<SessionClientState>(INITIAL_STATE);
  readonly #environment: Environment;
  readonly #teamId: string;
  readonly #rest: RestClient;
  readonly #own: RecordStore<OwnRecord>;
  readonly #invited: RecordStore<InvitedRecord>;
  readonly #connection: Connection;
  /** Both are replaced with the session: whatever still runs for an old one is known by them. */
  #access: SessionAccess;
  #replica: SessionReplica;
  #cancelAgeCheck: (() => void) | undefined;

  constructor({ baseUrl, teamId, environment }: SessionClientOptions) {
    this.#environment = { ...browserEnvironment(), ...environment };
    const { storage, tabStorage } = this.#environment;
    this.#teamId = teamId;
    this.#rest = new RestClient(baseUrl, this.#environment);
    this.#own = ownRecords(storage, teamId);
    this.#invited = invitedRecords(tabStorage, teamId);
    this.#takeInvite();
    this.#connection = new Connection(baseUrl, this.#environment, {
      ticket: () => this.#access.ticket(),
      resumeQuery: () => this.#replica.resumeQuery(),
      opening: () => this.#replica.opening(),
      frame: (frame, bytes) => this.#replica.frame(frame, bytes),
      changed: (connection) => {
        this.#store.patch({ connection });
        if (connection.state !== "online") {
          this.#replica.offline();
        }
      },
      ended: (end) => void this.#ended(end),
    });
    this.#access = this.#newAccess();
    this.#replica = this.#newReplica();
    const shared = sharing(this.#rest, () => this.#access);
    this.devices = shared.devices;
    this.revokeDevice = shared.revokeDevice;
    this.revokeOtherDevices = shared.revokeOtherDevices;
    this.share = shared.share;
    this.handOff = shared.handOff;
    this.invites = shared.invites;
    this.revokeInvite = shared.revokeInvite;
  }

  getState(): SessionClientState {
    return this.#store.get();
  }

  subscribe(listener: () => void): () => void {
    return this.#store.subscribe(listener);
  }

  start(): void {
    if (this.#takeInvite()) {
      this.#beginAnew();
    }
    const { isInvited, role } = this.#access;
    this.#store.patch({ status: "creating", offer: undefined, isInvited, role, error: undefined });
    this.#connect();
  }

  stop(): void {
    this.#cancelAgeCheck?.();
    this.#connection.stop();
  }

  send(content: string, options: SendOptions = {}): Sent {
    const clientId = this.#environment.newId();
    return { clientId, delivered: this.#replica.send({ clientId, content, ...options }) };
  }

  retry(key: string): void {
    this.#replica.retry(key);
  }

  cancel(key: string): void {
    this.#replica.cancel(key);
  }

  markRead(): void {
    this.#replica.markRead();
  }

  async loadOlder(): Promise<void> {
    const access = this.#access;
    await this.#replica.loadOlder((before) =>
      access.withToken((token) =>
        this.#rest.messages(token, { before, limit: DEFAULT_PAGE_MESSAGES }),
      ),
    );
  }

  setTyping(active: boolean): void {
    this.#replica.setTyping(active);
  }

  async terminateSession(): Promise<void> {
    await this.#access.withToken((token) => this.#rest.terminate(token));
    this.stop();
    this.#over({ reason: "terminated", session: undefined });
  }

  async createSession(): Promise<string> {
    const { status } = this.#store.get();
    if (status === "expired" || status === "terminated" || status === "error") {
      this.#startNewSession();
    } else if (status === "idle") {
      this.start();
    }
    return await this.#opened();
  }

  async refreshSession(): Promise<Session> {
    const { session } = await this.#access.withToken((token) =>
      this.#rest.refresh(token, { rotate: false }),
    );
    this.#replica.adopt(session);
    return session;
  }

  async identify(_identityToken?: string): Promise<Session> {
    throw RequestError.fromKnown("unauthenticated");
  }

  async openConversation(_conversationId?: string): Promise<string> {
    throw RequestError.fromKnown("unauthenticated");
  }

  sendUnsent(): void {}

  dismissPrevious(): void {}

  endTransition(): void {}

  #startNewSession(): void {
    this.#access.leave();
    this.#beginAnew();
    this.start();
  }

  #opened(): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const state = this.#store.get();
        if (state.session && isValid(state)) {
          resolve(state.session.id);
        } else if (state.status === "error" && state.error) {
          reject(state.error);
        } else {
          return false;
        }
        return true;
      };
      if (!look()) {
        const unsubscribe = this.#store.subscribe(() => {
          if (look()) {
            unsubscribe();
          }
        });
      }
    });
  }

  async acceptHandOff(): Promise<void> {
    await this.#access.acceptHandOff();
    this.#beginAnew();
    this.start();
  }

  leaveInvite(): void {
    if (this.#access.isInvited) {
      this.#startNewSession();
    }
  }

  /** True when the page's address had one, which it has no longer. */
  #takeInvite(): boolean {
    const invite = this.#environment.takeInvite();
    if (invite !== undefined) {
      this.#invited.write({ kind: "redeeming", invite });
    }
    return invite !== undefined;
  }

  #beginAnew(): void {
    this.stop();
    this.#access = this.#newAccess();
    this.#renewReplica(INITIAL_STATE);
  }

  #newAccess(): SessionAccess {
    const own = new OwnSession(this.#rest, this.#own, this.#teamId, this.#environment);
    const invitation = new Invitation(this.#rest, this.#invited, own);
    const { clock } = this.#environment;
    const access = new SessionAccess(this.#rest, own, invitation, clock, (session) => {
      if (access === this.#access) {
        this.#learned(session);
      }
    });
    return access;
  }

  #newReplica(): SessionReplica {
    const access = this.#access;
    return createReplica({
      store: this.#store,
      clock: this.#environment.clock,
      ownRole: "user",
      shelf: NO_SHELF,
      sessionId: undefined,
      handlers: {
        sendUp: (frame) => void this.#connection.send(frame),
        conversations: () => access.withToken((token) => this.#rest.conversations(token)),
        wrote: () => undefined,
        isVisible: () => this.#environment.attention.visible(),
      },
    });
  }

  #renewReplica(state: Partial<SessionClientState>): void {
    this.#replica.retire();
    this.#store.patch(state);
    this.#replica = this.#newReplica();
  }

  #connect(): void {
    this.#checkAgeLater();
    this.#connection.start();
  }

  /** Rotation is for tabs that stay open, too. */
  #checkAgeLater(): void {
    this.#cancelAgeCheck?.();
    this.#cancelAgeCheck = this.#environment.clock.after(AGE_CHECK_MS, () => {
      // What fails is tried again an hour later; a token that was refused closes the socket.
      this.#access.refreshIfDue().catch(() => undefined);
      this.#checkAgeLater();
    });
  }

  /** Another tab may have put another session into storage: nothing of the old one is shown with it. */
  #learned(session: Session): void {
    const known = this.#store.get().session;
    if (known && known.id !== session.id) {
      this.#renewReplica(UNKNOWN_SESSION);
    }
    const { isInvited, role } = this.#access;
    this.#store.patch({ isInvited, role });
    this.#replica.adopt(session);
  }

  async #ended(end: ConnectionEnd): Promise<void> {
    this.#cancelAgeCheck?.();
    if (end.kind === "session_over") {
      this.#over(end.end);
    } else if (end.kind === "offered") {
      this.#store.patch({ status: "idle", offer: { replacesOwn: this.#access.hasOwn } });
    } else if (end.kind === "refused") {
      this.#shutOut(end.error);
    } else if (end.code === CLOSE_CODES.ended) {
      await this.#learnReason();
    } else if (end.code === CLOSE_CODES.unauthenticated && this.#access.renew()) {
      this.#connect();
    } else {
      this.#shutOut(RequestError.fromClose(end.code));
    }
  }

  /** Whoever was signed out reads no further, nor again: the device may be in other hands. */
  #shutOut(error: RequestError): void {
    if (error.status === 401) {
      this.#renewReplica(UNKNOWN_SESSION);
    }
    this.#store.patch({ status: "error", error });
  }

  /** The socket says that the session ended, and the API how. */
  async #learnReason(): Promise<void> {
    const replica = this.#replica;
    const answer = await this.#access.lookUp().catch(() => undefined);
    if (replica === this.#replica) {
      const isOver = answer !== undefined && "session" in answer;
      this.#over(isOver ? answer : { reason: "terminated", session: undefined });
    }
  }

  #over(end: SessionEnd): void {
    this.#replica.over(end);
    if (this.#replica.empty && end.session) {
      this.#replica.beginAt(end.session.lastSeq);
      void this.loadOlder();
    }
  }
}

/** A client for one team's session in this browser; `start()` sets it off. */
export function createSessionClient(options: SessionClientOptions): SessionClient {
  return new Client(options);
}
