// A plain client of `ds.v1` that keeps every frame it got, so that a test can judge what a connection saw.
import { exports } from "cloudflare:workers";
import { type DownFrame, PONG, type UpFrame } from "../../src/protocol/frames.ts";
import type { Message } from "../../src/protocol/message.ts";
import { BASE } from "./api.ts";

type FrameOf<T extends DownFrame["type"]> = Extract<DownFrame, { type: T }>;

export class TestSocket {
  readonly frames: DownFrame[] = [];
  pongs = 0;
  /** Once closed. */
  closeCode: number | undefined;
  closeReason: string | undefined;
  readonly #socket: WebSocket;
  #isOpen = true;
  readonly #waiting = new Set<() => void>();
  readonly #acknowledges: boolean;

  /** `acknowledges`: answers each `messages` frame with `received`, as a client does. */
  private constructor(socket: WebSocket, acknowledges: boolean) {
    this.#socket = socket;
    this.#acknowledges = acknowledges;
    socket.addEventListener("message", ({ data }) => this.#receive(String(data)));
    socket.addEventListener("close", ({ code, reason }) => {
      this.#isOpen = false;
      this.closeCode = code;
      this.closeReason = reason;
      this.#wake();
    });
    socket.accept();
  }

  static async open(
    session: { readonly id: string },
    ticket: string | undefined,
    {
      query = "",
      acknowledges = true,
      headers = {},
    }: {
      readonly query?: string;
      readonly acknowledges?: boolean;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<TestSocket> {
    const protocols = ticket === undefined ? "ds.v1" : `ds.v1, ds.ticket.${ticket}`;
    const response = await exports.default.fetch(
      `${BASE}/api/sessions/${session.id}/socket${query}`,
      { headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": protocols, ...headers } },
    );
    if (response.webSocket === null) throw new Error(`no socket: ${response.status}`);
    return new TestSocket(response.webSocket, acknowledges);
  }

  send(frame: UpFrame): void {
    if (this.#isOpen) this.#socket.send(JSON.stringify(frame));
  }

  sendRaw(data: string | ArrayBuffer): void {
    this.#socket.send(data);
  }

  /** Hangs up: what still arrives is lost on this client. */
  close(code = 1000): void {
    this.#isOpen = false;
    this.#socket.close(code);
  }

  /** The messages seen, as the connection saw them. */
  get messages(): Message[] {
    return this.all("messages").flatMap((frame) => frame.messages);
  }

  get seqs(): number[] {
    return this.messages.map((message) => message.seq);
  }

  all<T extends DownFrame["type"]>(type: T): FrameOf<T>[] {
    return this.frames.filter((frame): frame is FrameOf<T> => frame.type === type);
  }

  /** The first frame of a type, awaited. */
  async first<T extends DownFrame["type"]>(type: T): Promise<FrameOf<T>> {
    await this.until(() => this.all(type).length > 0);
    return this.all(type)[0] as FrameOf<T>;
  }

  async closed(): Promise<number> {
    await this.until(() => this.closeCode !== undefined);
    return this.closeCode as number;
  }

  /** Resolves once `condition` holds; looked at after every frame. The test's own time limit bounds it. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #receive(data: string): void {
    if (!this.#isOpen) return;
    if (data === PONG) {
      this.pongs++;
      this.#wake();
      return;
    }
    const frame = JSON.parse(data) as DownFrame;
    this.frames.push(frame);
    if (this.#acknowledges && frame.type === "messages") {
      this.send({ type: "received", seq: frame.to });
    }
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
