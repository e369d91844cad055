// Deliveries a second to 100 sockets when one of them sends as fast as its messages come back: so many are always in
// flight. Against an object that stores nothing, in a new room each round.
import { bareRoom, type Member, type Room, sessionRoom } from "../rooms.ts";
import type { Contest, Side } from "../rounds.ts";
import { type Servers, TEAM_ID } from "../servers.ts";

const SOCKETS = 100;

/** Until the load is steady. */
const RAMP_MS = 300;

/** All that was sent must have arrived everywhere by then. */
const DRAIN_MS = 20_000;

export function fanOutContest(servers: Servers, inFlight: number, goal: number): Contest {
  return {
    name: `fan-out-${inFlight}`,
    figures: [
      {
        title: `Durable fan-out to ${SOCKETS} sockets, ${inFlight} messages in flight, against one that stores nothing`,
        unit: "deliveries/s",
        goal: { atLeast: goal },
      },
    ],
    ours: fanOutSide(() => sessionRoom(servers, TEAM_ID), inFlight),
    bare: fanOutSide(async () => bareRoom(servers, false), inFlight),
  };
}

function fanOutSide(open: () => Promise<Room>, inFlight: number): Side {
  return { round: async (seconds) => [await saturate(await open(), inFlight, seconds)] };
}

async function saturate(room: Room, inFlight: number, seconds: number): Promise<number> {
  const failed = Promise.withResolvers<never>();
  const members: Member[] = [];
  let deliveries = 0;
  let sent = 0;
  let isSending = true;
  const send = (count: number) => {
    for (let index = 0; index < count; index++) sender?.send();
    sent += count;
  };
  let sender: Member | undefined;
  const run = async () => {
    sender = await room.join((from, to) => {
      deliveries += to - from;
      if (isSending) send(to - from);
    }, failed.reject);
    members.push(sender);
    while (members.length < SOCKETS) {
      members.push(
        await room.join((from, to) => {
          deliveries += to - from;
        }, failed.reject),
      );
    }
    send(inFlight);
    await sleep(RAMP_MS);
    const [start, before] = [performance.now(), deliveries];
    await sleep(seconds * 1_000);
    const perSecond = ((deliveries - before) * 1_000) / (performance.now() - start);
    isSending = false;
    await drained(() => deliveries === sent * SOCKETS);
    return perSecond;
  };
  const result = await Promise.race([run(), failed.promise]);
  await Promise.all(members.map((member) => member.close()));
  return result;
}

async function drained(isDone: () => boolean): Promise<void> {
  const deadline = performance.now() + DRAIN_MS;
  while (!isDone()) {
    if (performance.now() > deadline) throw new Error("messages were sent that did not arrive");
    await sleep(10);
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
