// Milliseconds from a message's sending to its arrival, 50 messages a second. Against an object that inserts a row and
// then sends, in a new room each round.

import type { ReceiverKind } from "../receivers.ts";
import { bareRoom, type Member, type Room, sessionRoom } from "../rooms.ts";
import { type Contest, median, type Side } from "../rounds.ts";
import { hearingTeamId, type Servers, TEAM_ID } from "../servers.ts";

const INTERVAL_MS = 20;

/** The first messages meet cold code; they are sent and not counted. */
const UNCOUNTED = 10;

const LATEST_ARRIVAL_MS = 20_000;

const GOAL = { atMost: 1.15 };

export function latencyContest(servers: Servers, sockets: number): Contest {
  const title = `Latency with ${sockets} sockets at 50 messages a second, against insert-then-send`;
  return {
    name: `latency-${sockets}`,
    figures: [
      { title: `${title}, to the median socket`, unit: "ms", goal: GOAL },
      { title: `${title}, to the last socket`, unit: "ms", goal: GOAL },
    ],
    ours: latencySide(() => sessionRoom(servers, TEAM_ID), sockets),
    bare: latencySide(async () => bareRoom(servers, true), sockets),
  };
}

/** What visitors feel of their team's receiver: the same of our own, without a webhook and with one that does not do well. */
export function receiverContest(servers: Servers, kind: ReceiverKind): Contest {
  const sockets = 2;
  const title = `Latency while the team's webhook ${kind}, against no webhook, ${sockets} sockets`;
  return {
    name: `webhook-${kind.replaceAll(" ", "-")}`,
    figures: [
      { title: `${title}, to the median socket`, unit: "ms", goal: GOAL },
      { title: `${title}, to the last socket`, unit: "ms", goal: GOAL },
    ],
    ours: latencySide(() => sessionRoom(servers, hearingTeamId(kind)), sockets),
    bare: latencySide(() => sessionRoom(servers, TEAM_ID), sockets),
  };
}

function latencySide(open: () => Promise<Room>, sockets: number): Side {
  return { round: async (seconds) => await trickle(await open(), sockets, seconds) };
}

async function trickle(
  room: Room,
  sockets: number,
  seconds: number,
): Promise<readonly [number, number]> {
  const count = UNCOUNTED + Math.round((seconds * 1_000) / INTERVAL_MS);
  const sentAt: number[] = [];
  /** By message, in order of arrival. */
  const arrivals: number[][] = Array.from({ length: count }, () => []);
  const failed = Promise.withResolvers<never>();
  const complete = Promise.withResolvers<void>();
  const members: Member[] = [];
  let missing = count * sockets;
  const run = async () => {
    while (members.length < sockets) {
      members.push(
        await room.join((from, to) => {
          const now = performance.now();
          for (let message = from; message < to; message++) {
            arrivals[message]?.push(now - (sentAt[message] ?? Number.NaN));
            if (--missing === 0) complete.resolve();
          }
        }, failed.reject),
      );
    }
    const timer = setInterval(() => {
      sentAt.push(performance.now());
      members[0]?.send();
      if (sentAt.length === count) clearInterval(timer);
    }, INTERVAL_MS);
    const late = setTimeout(
      () => failed.reject(new Error("messages were sent that did not arrive")),
      seconds * 1_000 + LATEST_ARRIVAL_MS,
    );
    await Promise.race([complete.promise, failed.promise]).finally(() => {
      clearInterval(timer);
      clearTimeout(late);
    });
  };
  await Promise.race([run(), failed.promise]);
  await Promise.all(members.map((member) => member.close()));
  const counted = arrivals.slice(UNCOUNTED);
  return [median(counted.map(median)), median(counted.map((times) => times.at(-1) ?? Number.NaN))];
}
