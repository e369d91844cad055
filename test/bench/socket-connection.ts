// A WebSocket client (RFC 6455) that looks at the first bytes of a frame and skips the rest unread: with 100 of them on
// one core, a client that built a string of every frame would be what a round measures.
import { connect, type Socket } from "node:net";

/** As much as tells what a frame delivers. */
const HEAD_BYTES = 64;

/** Sockets are read one after the other into the same memory; nothing in it outlives the call. */
const READ_BUFFER = Buffer.allocUnsafe(256 * 1024);

const MAX_FRAME_HEADER_BYTES = 10;

const OPCODE_TEXT = 1;
const OPCODE_CLOSE = 8;

/** Close code 1000, under the mask 0. */
const CLOSE_FRAME = Buffer.from([0x80 | OPCODE_CLOSE, 0x80 | 2, 0, 0, 0, 0, 0x03, 0xe8]);

const CLOSE_WITHIN_MS = 2_000;

export interface SocketOptions {
  readonly url: URL;
  readonly protocols: readonly string[];
  /** A text frame: its first HEAD_BYTES, and how many it had in all. */
  readonly onFrame: (head: string, bytes: number) => void;
  /** The server closed the socket, or broke off. */
  readonly onClosed: (reason: string) => void;
}

export class SocketConnection {
  readonly #socket: Socket;
  readonly #options: SocketOptions;
  #isOpen = false;
  #isClosing = false;
  /** Bytes that were too few to go on with. */
  #pending: Buffer | undefined;
  /** Bytes of a payload that are still to come and that nobody wants. */
  #toSkip = 0;

  constructor(options: SocketOptions) {
    this.#options = options;
    const { url, protocols } = options;
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          this.#read(READ_BUFFER.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket.on("error", (error) => this.#closed(error.message));
    this.#socket.on("close", () => this.#closed("the connection ended"));
    this.#socket.write(
      [
        `GET ${url.pathname}${url.search} HTTP/1.1`,
        "Host: 127.0.0.1",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ...(protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`]),
        "\r\n",
      ].join("\r\n"),
    );
  }

  send(text: string): void {
    this.#socket.write(encodeText(text));
  }

  /** Resolves when the server has closed its side too. */
  close(): Promise<void> {
    this.#isClosing = true;
    return new Promise((resolve) => {
      this.#socket.once("close", () => resolve());
      this.#socket.end(CLOSE_FRAME);
      setTimeout(() => this.#socket.destroy(), CLOSE_WITHIN_MS).unref();
    });
  }

  #closed(reason: string): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#options.onClosed(reason);
  }

  #read(chunk: Buffer): void {
    let data = chunk;
    if (this.#pending !== undefined) {
      data = Buffer.concat([this.#pending, chunk]);
      this.#pending = undefined;
    }
    let offset = this.#isOpen ? 0 : this.#readHandshake(data);
    while (offset < data.length) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, data.length - offset);
        this.#toSkip -= skipped;
        offset += skipped;
        continue;
      }
      const end = this.#readFrame(data, offset);
      if (end === undefined) break;
      offset = end;
    }
    if (offset < data.length) this.#pending = Buffer.from(data.subarray(offset));
  }

  /** Where the frames begin. */
  #readHandshake(data: Buffer): number {
    const end = data.indexOf("\r\n\r\n");
    if (end === -1) return 0;
    const status = data.toString("latin1", 9, 12);
    if (status !== "101") {
      this.#closed(`the upgrade was answered with ${status}`);
      this.#socket.destroy();
      return data.length;
    }
    this.#isOpen = true;
    return end + 4;
  }

  /** Where the next frame begins, as far as it has come; undefined while too little of this one is here. */
  #readFrame(data: Buffer, start: number): number | undefined {
    if (!this.#isOpen || data.length - start < 2) return undefined;
    const opcode = (data[start] ?? 0) & 0x0f;
    let length = (data[start + 1] ?? 0) & 0x7f;
    let payload = start + 2;
    if (length >= 126) {
      if (data.length - start < MAX_FRAME_HEADER_BYTES) return undefined;
      payload = length === 126 ? start + 4 : start + MAX_FRAME_HEADER_BYTES;
      length = length === 126 ? data.readUInt16BE(start + 2) : data.readUInt32BE(start + 6);
    }
    const wanted = Math.min(length, HEAD_BYTES);
    if (data.length - payload < wanted) return undefined;
    if (opcode === OPCODE_TEXT) {
      this.#options.onFrame(data.toString("latin1", payload, payload + wanted), length);
    } else if (opcode === OPCODE_CLOSE) {
      const code = length >= 2 ? data.readUInt16BE(payload) : 1005;
      this.#closed(`the server closed with ${code}`);
      this.#socket.destroy();
    }
    const end = payload + length;
    this.#toSkip = Math.max(0, end - data.length);
    return Math.min(end, data.length);
  }
}

/** A text frame under the mask 0, which leaves the text as it is. */
function encodeText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length > 0xffff) throw new Error("too long for this client");
  const header = length < 126 ? 2 : 4;
  const frame = Buffer.alloc(header + 4 + length);
  frame[0] = 0x80 | OPCODE_TEXT;
  frame[1] = 0x80 | (length < 126 ? length : 126);
  if (header === 4) frame.writeUInt16BE(length, 2);
  frame.write(text, header + 4);
  return frame;
}
