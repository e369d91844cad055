// One open socket, and whose it is. What must survive an eviction is in the socket's attachment; the rest is a cache of it.
import type { RateState } from "../src/domain/rate-limit.ts";
import { isoTime } from "../src/domain/view.ts";
import type { CloseCode } from "../src/protocol/close-codes.ts";
import type { DownFrame, Presence } from "../src/protocol/frames.ts";
import { PRESENCE_LEASE_MS } from "../src/protocol/limits.ts";
import type { Author } from "../src/protocol/message.ts";
import type { ConnectionRole } from "../src/protocol/session.ts";
import type { Holder, Operator } from "./holder.ts";
import type { StaffWatch } from "./staff-watch.ts";

/** A holder's last minute, as sockets carry it through an eviction. */
export interface FrameCounts {
  readonly admitted: RateState;
  /** What came over the limit all the same. */
  readonly refused: RateState | undefined;
}

/** What a socket carries through an eviction. */
export interface Attachment extends Holder {
  readonly connectionId: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** While history is being pulled: the `seq` it has been sent up to. Null once live. */
  readonly historyCursor: number | null;
  /** What it has acknowledged, as a `seq` and as bytes of the log. */
  readonly receivedSeq: number;
  readonly receivedBytes: number;
  /** The object has closed it: it is no longer there, though the closing handshake may outlive an eviction. */
  readonly isClosed: boolean;
  /** When a frame came in, to within HEARD_PRECISION_MS: an eviction must not make a lively socket look dead. */
  readonly heardAt: number;
  /** When the team's policy was last confirmed; the session's, but an attachment costs no row. */
  readonly teamConfirmedAt: number;
  /** What its holder sent in the last minute; see frame-rate.ts. */
  readonly frameCounts: FrameCounts | undefined;
}

const HEARD_PRECISION_MS = PRESENCE_LEASE_MS / 9;

export class Peer {
  readonly socket: WebSocket;
  readonly #staff: StaffWatch;
  #attachment: Attachment;
  /** What an operator is to get once it is known that the token is still good, in order. */
  #held: string[] | undefined;

  constructor(socket: WebSocket, attachment: Attachment, staff: StaffWatch) {
    this.socket = socket;
    this.#attachment = attachment;
    this.#staff = staff;
  }

  get connectionId(): string {
    return this.#attachment.connectionId;
  }
  get holderId(): string {
    return this.#attachment.holderId;
  }
  /** Null for the staff, who have none. */
  get credentialId(): string | null {
    return this.operator === undefined ? this.holderId : null;
  }
  get role(): ConnectionRole {
    return this.#attachment.role;
  }
  get operator(): Operator | undefined {
    return this.#attachment.operator;
  }
  get historyCursor(): number | null {
    return this.#attachment.historyCursor;
  }
  get teamConfirmedAt(): number {
    return this.#attachment.teamConfirmedAt;
  }
  get receivedSeq(): number {
    return this.#attachment.receivedSeq;
  }
  get receivedBytes(): number {
    return this.#attachment.receivedBytes;
  }

  get frameCounts(): FrameCounts | undefined {
    return this.#attachment.frameCounts;
  }

  /** Whom readers see: the staff have names, visitors and their guests do not. */
  get signature(): { readonly author?: Author } {
    return this.operator === undefined ? {} : { author: this.operator.author };
  }

  get presence(): Presence {
    const { connectionId, role, since } = this.#attachment;
    return { connectionId, role, ...this.signature, since: isoTime(since) };
  }

  update(
    fields: Partial<
      Pick<
        Attachment,
        | "historyCursor"
        | "receivedSeq"
        | "receivedBytes"
        | "teamConfirmedAt"
        | "frameCounts"
        | "operator"
      >
    >,
  ): void {
    this.#keep(fields);
  }

  #keep(fields: Partial<Attachment>): void {
    this.#attachment = { ...this.#attachment, ...fields };
    this.socket.serializeAttachment(this.#attachment);
  }

  heard(now: number): void {
    if (now - this.#attachment.heardAt >= HEARD_PRECISION_MS) this.#keep({ heardAt: now });
  }

  /** The newest sign of life: a frame, or a ping that the platform answered without waking the object. */
  lastHeardAt(ctx: DurableObjectState): number {
    const pinged = ctx.getWebSocketAutoResponseTimestamp(this.socket)?.getTime() ?? 0;
    return Math.max(this.#attachment.heardAt, pinged);
  }

  send(frame: DownFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  /** What has to be waited for before a frame that came from here is acted on, if anything; see staff-watch.ts. */
  beforeFrame(now: number): Promise<void> | undefined {
    return this.operator && this.#staff.before(this.operator, now);
  }

  /** Every frame goes out through here; those to the staff only while their token is known to be good. */
  sendText(text: string): void {
    const { operator, isClosed } = this.#attachment;
    if (isClosed) return;
    if (operator === undefined) this.#put(text);
    else if (this.#held !== undefined) this.#held.push(text);
    else {
      const confirmed = this.#staff.before(operator, Date.now());
      if (confirmed === undefined) this.#put(text);
      else {
        this.#held = [text];
        void confirmed.then(() => this.#release());
      }
    }
  }

  #release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const text of held) this.sendText(text);
  }

  /** A socket that is closing takes nothing more; its close event tells. */
  #put(text: string): void {
    if (this.#attachment.isClosed) return;
    try {
      this.socket.send(text);
    } catch {
      return;
    }
  }

  close(code: CloseCode, reason: string): void {
    try {
      this.#keep({ isClosed: true });
      this.socket.close(code, reason);
    } catch {
      return;
    }
  }
}
