// A created session while its object is awake: its parts, and what takes more than one of them — who is let in, what a
// changed team means, how a session ends.
// Long for its constructor: this is where the parts are put together, and nowhere else.
import { type CallerRole, type SessionOperation, slidesExpiry } from "../src/domain/access.ts";
import { settingsOf, type TeamSettings } from "../src/domain/policy.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import type { Session } from "../src/protocol/session.ts";
import { teamsDatabase } from "../src/session-index/databases.ts";
import { findOperatorToken } from "../src/session-index/operator-tokens.ts";
import { getTeamByNumber } from "../src/session-index/teams.ts";
import { Access } from "./access.ts";
import { AccessStore } from "./access-store.ts";
import type { Alarm } from "./alarm.ts";
import { Archive } from "./archive.ts";
import {
  type Actor,
  auditActor,
  type IdentifyCall,
  type TeamWord,
  unknownSession,
} from "./calls.ts";
import { Conversations } from "./conversations.ts";
import { Credentials } from "./credentials.ts";
import { DataRequests } from "./data-requests.ts";
import { type Ending, endingOf } from "./ending.ts";
import { EventFeed } from "./event-feed.ts";
import { EventStore } from "./event-store.ts";
import { FileRemoval } from "./file-removal.ts";
import { FileStore } from "./file-store.ts";
import { Files } from "./files.ts";
import { Import } from "./import.ts";
import { isOfEarlierEpoch } from "./index-epoch.ts";
import { IndexProjector } from "./index-projector.ts";
import { Invites } from "./invites.ts";
import { MessageLog } from "./message-log.ts";
import { MessageStore } from "./message-store.ts";
import { OutboxStore } from "./outbox-store.ts";
import { Redaction } from "./redaction.ts";
import type { StoredSession } from "./session-row.ts";
import { SessionState } from "./session-state.ts";
import { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";
import { StreamStore } from "./stream-store.ts";
import { Streams } from "./streams.ts";
import { TeamWatch } from "./team-watch.ts";
import { Troubles } from "./troubles.ts";
import { Upkeep } from "./upkeep.ts";

export class LiveSession {
  readonly state: SessionState;
  readonly messages: MessageStore;
  readonly log: MessageLog;
  readonly streams: Streams;
  readonly sockets: Sockets;
  readonly access: Access;
  readonly invites: Invites;
  readonly conversations: Conversations;
  readonly credentials: Credentials;
  readonly redaction: Redaction;
  readonly files: Files;
  readonly import: Import;
  readonly projector: IndexProjector;
  readonly events: EventFeed;
  readonly archive: Archive;
  readonly ending: Ending;
  readonly requests: DataRequests;
  readonly upkeep: Upkeep;
  readonly troubles: Troubles;
  readonly #ctx: DurableObjectState;
  readonly #store: SessionStore;
  readonly #watch: TeamWatch;

  constructor(
    ctx: DurableObjectState,
    env: Env,
    store: SessionStore,
    alarm: Alarm,
    stored: StoredSession,
  ) {
    this.#ctx = ctx;
    this.#store = store;
    this.troubles = new Troubles(ctx, env);
    this.messages = new MessageStore(ctx.storage.sql);
    const accessStore = new AccessStore(ctx.storage.sql);
    this.credentials = new Credentials(accessStore);
    const slidAt = this.messages.lastSlidingAt();
    this.state = new SessionState(store, this.credentials, stored, slidAt);
    this.log = new MessageLog(store, this.messages, this.state, {
      heardVisitor: (conversationId, at) => this.conversations.heardVisitor(conversationId, at),
      undone: () => {
        this.conversations.forget();
        this.files.undone();
      },
      find: (wanted, side) => this.files.find(wanted, side),
      take: (attachments, seq) => this.files.take(attachments, seq),
      stored: (now, slides) => {
        if (slides) this.state.slid(now);
        this.events.happened();
        this.upkeep.arm();
      },
      deliver: (frames) => this.sockets.deliver(frames),
    });
    const { messages, credentials, state, log } = this;
    const changed = () => this.upkeep.arm();
    this.streams = new Streams({
      store,
      rows: new StreamStore(ctx.storage.sql),
      messages,
      log,
      state,
      toLive: (frame) => this.sockets.toLive(frame),
      changed,
    });
    const { streams } = this;
    this.sockets = new Sockets({
      ctx,
      store,
      messages,
      log,
      state,
      streams,
      loadStaff: (tokenId) => findOperatorToken(teamsDatabase(env), tokenId),
      changed,
    });
    this.#watch = new TeamWatch(this.sockets, {
      load: () => getTeamByNumber(teamsDatabase(env), state.team.number),
      adopt: (team) => this.adoptTeam(team),
    });
    const events = new EventStore(ctx.storage.sql);
    const files = new FileStore(ctx.storage.sql);
    const outbox = new OutboxStore(ctx.storage.sql);
    const { sockets, troubles } = this;
    this.projector = new IndexProjector({
      env,
      store,
      outbox,
      events,
      files,
      source: state,
      troubles,
    });
    const { projector } = this;
    const removal = new FileRemoval({
      bucket: env.BUCKET,
      store,
      rows: files,
      state,
      projector,
      changed,
    });
    this.files = new Files({ store, rows: files, removal, projector, changed });
    this.archive = new Archive({
      env,
      store,
      messages,
      state,
      log,
      conversations: () => this.conversations.list("team").conversations,
      projector,
      removeFiles: (now) => this.files.removeAll(now),
      removeFilesOf: (seq, now) => this.files.removeOfMessage(seq, now),
    });
    const { archive } = this;
    this.conversations = new Conversations({
      store,
      messages,
      state,
      log,
      projector,
      archive,
      takenOver: (conversationId) => streams.cancelBotAnswers(conversationId),
      reopened: () => ctx.waitUntil(this.upkeep.project()),
    });
    this.import = new Import({ store, messages, state, log, projector });
    this.events = new EventFeed({
      ctx,
      env,
      store,
      events,
      messages,
      state,
      log,
      projector,
      troubles,
      changed,
    });
    this.redaction = new Redaction({
      store,
      messages,
      sockets,
      projector,
      files: this.files,
      archive,
      endAnswer: (messageId) => {
        streams.cancel(messageId);
        // It may have been on its way into the log already.
        log.flush();
      },
    });
    const parts = { store, accessStore, credentials, state, log, sockets, projector };
    this.access = new Access(parts);
    this.invites = new Invites(parts, this.access);
    this.ending = endingOf(
      {
        ...this,
        env,
        store,
        learnTeam: async () => {
          const askedAt = Date.now();
          await this.learnTeam();
          return sockets.teamConfirmedAt >= askedAt;
        },
      },
      ctx.storage.kv,
    );
    this.upkeep = new Upkeep({
      ctx,
      store,
      alarm,
      state,
      sockets,
      streams,
      projector,
      events: this.events,
      troubles,
      files: this.files,
      lifecycle: this.ending.lifecycle,
      isOfEarlierEpoch: () => isOfEarlierEpoch(state.stored, env),
      expireIfDue: (now) => this.expireIfDue(now),
      learnTeam: () => this.learnTeam(),
    });
    this.requests = new DataRequests({
      ...this,
      ...this.ending,
      ctx,
      closeForErasure: (actor) => this.#closeForErasure(actor),
    });
  }

  /** Lets `actor` in to do `operation` as some role, or says why not. */
  admit(actor: Actor, operation: SessionOperation): Result<{ readonly role: CallerRole }> {
    this.upkeep.armIfLost();
    const now = Date.now();
    this.expireIfDue(now);
    if (!this.#opensFor(operation, now)) return unknownSession(actor);
    if (actor.kind === "credential") {
      const presented = this.credentials.present(actor.credentialId, actor.secretDigest, now);
      if (presented.kind === "stolen") {
        this.access.revokeStolen(presented, now);
        this.#ctx.waitUntil(this.upkeep.project());
      }
    }
    const admitted = this.state.admit(actor, operation);
    // Whatever the Worker knows: one that has just started, with the index down, knows nothing.
    return admitted.ok ? (this.disabledRefusal() ?? admitted) : admitted;
  }

  /** One that is about to be purged opens to nobody, but for whoever asks again what has become of its erasure. */
  #opensFor(operation: SessionOperation, now: number): boolean {
    const { lifecycle, erasing } = this.ending;
    const isAskedAgain = operation === "eraseSession" && erasing.isAsked && !lifecycle.isPurged;
    return isAskedAgain || !lifecycle.isGone(now);
  }

  /** Why nobody is let in, if so. */
  disabledRefusal(): Failure | undefined {
    return this.state.team.policy.disabled ? { ok: false, code: "team_disabled" } : undefined;
  }

  /** Slides the expiry if calls by `role` do, at most once a touch interval. */
  touch(role: CallerRole): void {
    // That somebody of the staff looks on keeps no session alive; what they write does.
    const isAlive = role !== "operator" && slidesExpiry(role);
    if (isAlive && this.state.touch(Date.now())) this.upkeep.arm();
  }

  /** Slides the expiry, and tells whoever is there. */
  refresh(): void {
    if (this.state.refresh(Date.now())) this.upkeep.arm();
    this.sockets.announceSession();
  }

  /** Binds the session to a person; see `Access.identify`. */
  async identify(call: IdentifyCall): Promise<Result<{ isNew: boolean }>> {
    const actor = auditActor(call.actor);
    const identified = this.access.identify(call.userId, call.credential, actor);
    if (identified.ok && identified.isNew) {
      this.events.happened();
      await this.upkeep.project();
    }
    return identified;
  }

  /** Ends the session if its deadline is behind: a late alarm lets nobody through. The same goes for answers. */
  expireIfDue(now: number): void {
    this.streams.endDue(now);
    if (!this.state.isOverdue(now)) return;
    this.state.heardUntil(this.sockets.ownerHeardAt, now);
    if (!this.state.isOverdue(now)) return;
    this.#end(() => this.state.expireIfDue(now), now);
    this.#ctx.waitUntil(this.upkeep.project());
  }

  async terminate(actor: AuditActor): Promise<void> {
    const now = Date.now();
    this.#end(() => {
      this.state.end("terminated", now);
      this.projector.record({ type: "session.terminated", actor }, now);
    }, now);
    await this.upkeep.project();
  }

  /** Closes the session for good, if it is open, and lets nobody in from now on: all of it is to be gone. */
  #closeForErasure(actor: AuditActor): void {
    const now = Date.now();
    this.#end(() => {
      this.state.end("erased", now);
      this.ending.erasing.ask(actor, now);
    }, now);
  }

  /** Answers what was submitted, then ends the session and closes its sockets: after it nothing is stored or delivered. */
  #end(apply: () => void, now: number): void {
    this.#settle();
    this.#store.transaction(() => {
      apply();
      this.projector.markSession(now);
    });
    this.sockets.end();
    this.events.happened();
    this.upkeep.arm();
  }

  /** Answers what was submitted, and stores what there is of answers that are being written. */
  #settle(): void {
    this.streams.endAll();
    this.log.flush();
  }

  /** Goes by the team as the index has it; while that is down, the last word holds. */
  learnTeam(): Promise<void> {
    return this.#watch.learn();
  }

  /** A frame has come; nothing is done for it under a policy, or a sign-in, that was confirmed too long ago. */
  async frame(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    const confirmed = this.#watch.beforeFrame(Date.now());
    if (confirmed !== undefined) await confirmed;
    const signedIn = this.sockets.beforeFrame(socket, Date.now());
    if (signedIn !== undefined) await signedIn;
    this.expireIfDue(Date.now());
    this.sockets.frame(socket, data);
  }

  /** A socket closed or broke. */
  closed(socket: WebSocket, code: number, wasClean: boolean): void {
    this.expireIfDue(Date.now());
    this.sockets.closed(socket, code, wasClean);
  }

  /** A caller knows the team as it was at `confirmedAt`; a later revision than ours is learnt before it is served. */
  async heardOfTeam({ teamRevision, teamConfirmedAt }: TeamWord): Promise<void> {
    const { revision } = this.state.team;
    if (teamRevision === undefined || teamRevision < revision) return;
    if (teamRevision > revision) await this.learnTeam();
    else this.#watch.confirm(teamConfirmedAt ?? 0, Date.now());
  }

  /** Goes by `team` if that is newer; nobody stays connected to a team that is disabled. */
  adoptTeam(team: TeamSettings): void {
    if (this.ending.lifecycle.isPurged || team.revision <= this.state.team.revision) return;
    const now = Date.now();
    if (team.policy.disabled) this.#settle();
    this.#store.transaction(() => {
      const isMoved = this.state.adoptTeam(settingsOf(team), now);
      if (isMoved) this.projector.markSession(now);
    });
    if (team.policy.disabled) this.sockets.closeDisabled();
    this.events.deliver();
    this.upkeep.arm();
  }

  /** Goes by `team`, delivers what waits for its webhook, and tells the team's list of failures how that stands. */
  async resumeEvents(team: TeamSettings): Promise<void> {
    if (this.ending.lifecycle.isGone(Date.now())) return;
    this.adoptTeam(team);
    this.events.deliver();
    this.events.tellAgain(Date.now());
    await this.upkeep.project();
  }

  view(role: CallerRole): Session {
    return this.state.view(this.log.head.lastSeq, role);
  }
}
