// A client that survives its connections: it resumes after its last seq and sends again what nobody acknowledged. What it
// saw of the log, and what became of each of its messages, is kept for the test to judge.
import { CLOSE_CODES } from "../../src/protocol/close-codes.ts";
import type { DownFrame } from "../../src/protocol/frames.ts";
import type { Message, NewMessage } from "../../src/protocol/message.ts";
import type { SessionWithToken, ValidateSessionResponse } from "../../src/protocol/rest.ts";
import { call } from "./api.ts";
import { TestSocket } from "./socket.ts";

/** Messages sent and not acknowledged, at most. */
const IN_FLIGHT = 64;

export class ResumingClient {
  readonly log: Message[] = [];
  /** Why a message was refused, by its clientId. */
  readonly refusals = new Map<string, string>();
  /** Violations of what a connection may see, in words. */
  readonly violations: string[] = [];
  readonly #session: SessionWithToken;
  readonly #random: () => number;
  #outbox: NewMessage[] = [];
  #sent = 0;
  #socket: TestSocket | undefined;
  #seen = 0;
  #ended = false;
  #roundsAway = 0;

  /** `random` says how many messages go out at a time. */
  constructor(session: SessionWithToken, random: () => number) {
    this.#session = session;
    this.#random = random;
  }

  get lastSeq(): number {
    return this.log.at(-1)?.seq ?? 0;
  }

  get unsettled(): number {
    return this.#outbox.length;
  }

  /** The server closed it for good. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  submit(messages: readonly NewMessage[]): void {
    this.#outbox.push(...messages);
  }

  /** Reads what has come in, reconnects if need be, sends what may be sent. Call it again and again. */
  async step(): Promise<void> {
    if (this.#ended) return;
    const socket = this.#socket ?? (await this.#connect());
    if (socket === undefined) return;
    const before = this.lastSeq;
    for (; this.#seen < socket.frames.length; this.#seen++) {
      this.#take(socket.frames[this.#seen] as DownFrame);
    }
    // Once a round and not at once: history then comes between what the others write.
    if (this.lastSeq > before) socket.send({ type: "received", seq: this.lastSeq });
    if (socket.closeCode !== undefined) {
      this.#ended = socket.closeCode === CLOSE_CODES.ended;
      this.#socket = undefined;
      return;
    }
    if (socket.all("synced").length > 0) this.#flush(socket);
  }

  /** Drops the connection, in the middle of whatever it was doing, and stays away for so many rounds. */
  cut(roundsAway: number): void {
    this.#socket?.close();
    this.#socket = undefined;
    this.#roundsAway = roundsAway;
  }

  /** Whether it is still away; asked once a round. */
  isAway(): boolean {
    return this.#roundsAway-- > 0;
  }

  async #connect(): Promise<TestSocket | undefined> {
    const { session, token } = this.#session;
    const response = await call(`/api/sessions/${session.id}/validate`, { bearer: token });
    if (response.status === 503) return undefined;
    const { ticket, isValid } = await response.json<ValidateSessionResponse>();
    if (!isValid) this.#ended = true;
    if (ticket === undefined) return undefined;
    this.#seen = 0;
    this.#sent = 0;
    this.#socket = await TestSocket.open(session, ticket, {
      query: `?after=${this.lastSeq}`,
      acknowledges: false,
    });
    return this.#socket;
  }

  #take(frame: DownFrame): void {
    switch (frame.type) {
      case "messages":
        if (frame.from !== this.lastSeq) {
          this.violations.push(`a frame from ${frame.from} after seq ${this.lastSeq}`);
        }
        if (frame.to - frame.from !== frame.messages.length) {
          this.violations.push(`a frame (${frame.from}, ${frame.to}] with other messages`);
        }
        this.log.push(...frame.messages);
        for (const { clientId } of frame.messages) this.#settle(clientId);
        break;
      case "stored":
        for (const { clientId } of frame.items) this.#settle(clientId);
        break;
      case "error":
        if (frame.clientId !== undefined) {
          this.refusals.set(frame.clientId, frame.code);
          this.#settle(frame.clientId);
        }
        break;
      default:
        break;
    }
  }

  #settle(clientId: string | undefined): void {
    const index = this.#outbox.findIndex((message) => message.clientId === clientId);
    if (index < 0) return;
    this.#outbox.splice(index, 1);
    if (index < this.#sent) this.#sent--;
  }

  #flush(socket: TestSocket): void {
    const most = this.#sent + Math.ceil(this.#random() * 16);
    const messages = this.#outbox.slice(this.#sent, Math.min(most, IN_FLIGHT));
    if (messages.length === 0) return;
    this.#sent += messages.length;
    socket.send({ type: "send", messages });
  }
}
