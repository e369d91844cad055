// A session or a bare object with sockets in it, as the two sides of a contest: how to join, what to send, and how to
// tell from a frame's first bytes which messages it delivers.
import { randomBytes } from "node:crypto";
import { RECEIVED_EVERY_BYTES } from "../../src/protocol/limits.ts";
import { SUBPROTOCOL, TICKET_SUBPROTOCOL_PREFIX } from "../../src/protocol/version.ts";
import { createSession } from "./contests/requests.ts";
import type { Servers } from "./servers.ts";
import { SocketConnection } from "./socket-connection.ts";

/** ASCII, so that bytes and characters are the same. */
const CONTENT = "What a visitor writes is about as long as this. ".padEnd(100, "-");

/** Messages `from` + 1 … `to` have arrived at a member. */
export type OnDelivery = (from: number, to: number) => void;

export interface Member {
  /** Sends one message; it is acknowledged when this member's own delivery of it arrives. */
  send(): void;
  close(): Promise<void>;
}

export interface Room {
  /** One more socket; resolves when it is live. A gap, an error frame or a closed socket goes to `onFailure`. */
  join(onDelivery: OnDelivery, onFailure: (error: Error) => void): Promise<Member>;
}

/** A new session with all that belongs to it: durable, ordered, flow-controlled. */
export async function sessionRoom({ ours }: Servers, teamId: string): Promise<Room> {
  const { session, ticket } = await createSession(ours, teamId);
  const url = new URL(`/api/sessions/${session.id}/socket`, ours);
  const protocols = [SUBPROTOCOL, `${TICKET_SUBPROTOCOL_PREFIX}${ticket}`];
  return {
    async join(onDelivery, onFailure) {
      const track = sequence(onDelivery, onFailure);
      let unacknowledged = 0;
      const live = Promise.withResolvers<void>();
      const connection = new SocketConnection({
        url,
        protocols,
        onFrame(head, bytes) {
          const [, from, to] = /^\{"type":"messages","from":(\d+),"to":(\d+),/.exec(head) ?? [];
          if (from !== undefined && to !== undefined) {
            track(Number(from), Number(to));
            unacknowledged += bytes;
            if (unacknowledged >= RECEIVED_EVERY_BYTES) {
              unacknowledged = 0;
              connection.send(`{"type":"received","seq":${to}}`);
            }
          } else if (head.startsWith('{"type":"synced"')) live.resolve();
          else if (head.startsWith('{"type":"error"')) onFailure(new Error(head));
        },
        onClosed(reason) {
          live.reject(new Error(reason));
          onFailure(new Error(reason));
        },
      });
      await live.promise;
      return {
        send() {
          const clientId = randomBytes(16).toString("hex");
          connection.send(
            `{"type":"send","messages":[{"clientId":"${clientId}","content":"${CONTENT}"}]}`,
          );
        },
        close: () => connection.close(),
      };
    },
  };
}

/** `for (socket of getWebSockets()) socket.send(text)`, and before it an insert where it `stores`. */
export function bareRoom({ bare }: Servers, stores: boolean): Room {
  const name = randomBytes(8).toString("hex");
  const url = new URL(`/room/${name}${stores ? "?stores" : ""}`, bare);
  let sent = 0;
  return {
    async join(onDelivery, onFailure) {
      const track = sequence(onDelivery, onFailure);
      const live = Promise.withResolvers<void>();
      const connection = new SocketConnection({
        url,
        protocols: [],
        onFrame(head) {
          // Counted by the sender, since nobody else does here.
          const number = Number(/^\{"number":(\d+),/.exec(head)?.[1]);
          if (number === 0) live.resolve();
          else track(number - 1, number);
        },
        onClosed(reason) {
          live.reject(new Error(reason));
          onFailure(new Error(reason));
        },
      });
      connection.send('{"number":0,"content":""}');
      await live.promise;
      return {
        send() {
          connection.send(`{"number":${++sent},"content":"${CONTENT}"}`);
        },
        close: () => connection.close(),
      };
    },
  };
}

/** Hands deliveries on, if each begins where the last ended. */
function sequence(onDelivery: OnDelivery, onFailure: (error: Error) => void): OnDelivery {
  let last = 0;
  return (from, to) => {
    if (from !== last) onFailure(new Error(`a gap: message ${from + 1} after ${last}`));
    last = to;
    onDelivery(from, to);
  };
}
