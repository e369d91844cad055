// A created session while its object is awake: its parts, and what takes more than one of them — who is let in, what a
// changed team means, how a session ends.
// Long for its constructor: this is where the parts, and groups of them, are put together, and nowhere else.
import { type CallerRole, type SessionOperation, slidesExpiry } from "../src/domain/access.ts";
import { settingsOf, type TeamSettings } from "../src/domain/policy.ts";
import type { AuditActor } from "../src/protocol/audit.ts";
import type { Failure, Result } from "../src/protocol/errors.ts";
import type { Session } from "../src/protocol/session.ts";
import { teamsDatabase } from "../src/session-index/databases.ts";
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
import type { EventFeed } from "./event-feed.ts";
import { FileStore } from "./file-store.ts";
import { Files } from "./files.ts";
import { Import } from "./import.ts";
import { isOfEarlierEpoch } from "./index-epoch.ts";
import type { IndexProjector } from "./index-projector.ts";
import { Invites } from "./invites.ts";
import type { MessageLog } from "./message-log.ts";
import { MessageStore } from "./message-store.ts";
import { messagingOf } from "./messaging.ts";
import { Redaction } from "./redaction.ts";
import { reportingOf } from "./reporting.ts";
import type { StoredSession } from "./session-row.ts";
import { SessionState } from "./session-state.ts";
import type { Sockets } from "./sockets.ts";
import type { SessionStore } from "./store.ts";
import type { Streams } from "./streams.ts";
import { TeamWatch } from "./team-watch.ts";
import type { Troubles } from "./troubles.ts";
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
    const { sql, kv } = ctx.storage;
    const changed = () => this.upkeep.arm();
    const messages = new MessageStore(sql);
    const accessStore = new AccessStore(sql);
    const credentials = new Credentials(accessStore);
    const state = new SessionState(store, credentials, stored, messages.lastSlidingAt());
    const core = { ctx, env, store, messages, credentials, state, changed };
    this.messages = messages;
    this.credentials = credentials;
    this.state = state;

    const { log, streams, sockets } = messagingOf(core, {
      heardVisitor: (conversationId, at) => this.conversations.heardVisitor(conversationId, at),
      undone: () => {
        this.conversations.forget();
        this.files.undone();
      },
      find: (wanted, side) => this.files.find(wanted, side),
      take: (attachments, seq) => this.files.take(attachments, seq),
      stored: (now, slides) => {
        if (slides) state.slid(now);
        this.events.happened();
        changed();
      },
    });
    this.log = log;
    this.streams = streams;
    this.sockets = sockets;
    this.#watch = new TeamWatch(sockets, {
      load: () => getTeamByNumber(teamsDatabase(env), state.team.number),
      adopt: (team) => this.adoptTeam(team),
    });

    const rows = new FileStore(sql);
    const { projector, events, troubles } = reportingOf({ ...core, log, fileRows: rows });
    this.projector = projector;
    this.events = events;
    this.troubles = troubles;

    const parts = { ...core, log, streams, sockets, projector, events, troubles };
    const files = new Files({ ...parts, bucket: env.BUCKET, rows });
    const archive = new Archive({
      ...parts,
      conversations: () => this.conversations.list("team").conversations,
      files,
    });
    this.files = files;
    this.archive = archive;
    this.conversations = new Conversations({
      ...parts,
      archive,
      takenOver: (conversationId) => streams.cancelBotAnswers(conversationId),
      reopened: () => ctx.waitUntil(this.upkeep.project()),
    });
    this.import = new Import(parts);
    this.redaction = new Redaction({
      ...parts,
      files,
      archive,
      endAnswer: (messageId) => {
        streams.cancel(messageId);
        // It may have been on its way into the log already.
        log.flush();
      },
    });
    this.access = new Access({ ...parts, accessStore });
    this.invites = new Invites({ ...parts, accessStore }, this.access);

    this.ending = endingOf({ ...this, env, store, learnTeam: () => this.#learnTeamNow() }, kv);
    this.upkeep = new Upkeep({
      ...parts,
      alarm,
      files,
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

  /** The same; false where the index had no word. */
  async #learnTeamNow(): Promise<boolean> {
    const askedAt = Date.now();
    await this.learnTeam();
    return this.sockets.teamConfirmedAt >= askedAt;
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
