// HTTP/1.1 on one kept-alive connection, one request at a time, with as little work a request as will do: the server has
// to be what limits a round, and Node's own client would share its core's time.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PATCH" | "PUT";
  readonly path: string;
  readonly token: string | undefined;
  readonly body: unknown;
}

/** The bytes of a request; for one that is sent often, made once. */
export function encodeRequest({ method, path, token, body }: HttpRequest): string {
  const content = body === undefined ? "" : JSON.stringify(body);
  return [
    `${method} ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined
      ? []
      : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(content)}`]),
    "",
    content,
  ].join("\r\n");
}

interface Waiting {
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class HttpConnection {
  readonly #socket: Socket;
  #received = "";
  #waiting: Waiting | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // One character a byte, so that lengths are what the headers count.
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#read(text));
    socket.on("close", () => this.#waiting?.reject(closed()));
    socket.on("error", (error) => this.#waiting?.reject(error));
  }

  static async open(url: URL): Promise<HttpConnection> {
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    await once(socket, "connect");
    return new HttpConnection(socket);
  }

  /** Sends what `encodeRequest` made; the next request may follow when this one is answered. */
  request(encoded: string): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) throw closed();
      this.#waiting = { resolve, reject };
      this.#socket.write(encoded);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#received += text;
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd === -1) return;
    const head = this.#received.slice(0, headEnd);
    const bodyStart = headEnd + 4;
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer without Content-Length:\n${head}`);
    const bodyEnd = bodyStart + Number(length);
    if (this.#received.length < bodyEnd) return;
    const body = this.#received.slice(bodyStart, bodyEnd);
    this.#received = "";
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ status: Number(head.slice(9, 12)), body });
  }
}

function closed(): Error {
  return new Error("the server closed the connection");
}

/** One request on a connection of its own, its JSON answer if the status is `expected`. */
export async function requestOnce<T>(url: URL, request: HttpRequest, expected: number): Promise<T> {
  const connection = await HttpConnection.open(url);
  try {
    const { status, body } = await connection.request(encodeRequest(request));
    if (status !== expected) throw new Error(`${request.path} answered ${status}: ${body}`);
    return JSON.parse(body) as T;
  } finally {
    connection.close();
  }
}
