/**
 * Where events go under test: https://receiver.example/<name> is a team's receiver, which remembers what it got and answers
 * as it was last told to; and `SessionEvents`, the Worker bound as `APP`, does the same under the name of the session.
 * Tests ask by https://receiver.example/_/<name> (GET: what came; PUT: how to answer from now on).
 */
import { turnstileStandIn } from "./turnstile-stand-in.ts";

const script = `
import { WorkerEntrypoint } from "cloudflare:workers";
const receivers = new Map();
const named = (name) => {
  if (!receivers.has(name)) receivers.set(name, { answers: [], always: { status: 200 }, got: [], at: 0, most: 0 });
  return receivers.get(name);
};
/** How it answers this time: what was ordered for once, or what it always does. */
async function next(receiver, delivery) {
  const answer = receiver.answers.shift() ?? receiver.always;
  receiver.at++;
  receiver.most = Math.max(receiver.most, receiver.at);
  // What is lost on its way is not got.
  if (answer.status !== 0) receiver.got.push({ ...delivery, status: answer.status });
  try {
    // A promise alone would be taken for one that nobody keeps, and the request ended.
    while (answer.hangs && !receiver.released) await scheduler.wait(2);
    if (answer.delayMs) await scheduler.wait(answer.delayMs);
  } finally {
    receiver.at--;
  }
  return answer;
}
async function control(request, receiver) {
  if (request.method === "GET") return Response.json({ got: receiver.got, most: receiver.most });
  const { answers, always, release = false } = await request.json();
  if (answers) receiver.answers = answers;
  if (always) receiver.always = always;
  receiver.released = release;
  return new Response();
}
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.host !== "receiver.example" && url.hostname !== "localhost") return env.ELSEWHERE.fetch(request);
    const [, first, second] = url.pathname.split("/");
    if (first === "_") return control(request, named(second));
    const headers = Object.fromEntries(request.headers);
    const { status, headers: extra } = await next(named(first), { url: request.url, headers, body: await request.text() });
    if (status === 0) throw new Error("down");
    return new Response("x".repeat(1000), { status, headers: extra });
  },
};
export class SessionEvents extends WorkerEntrypoint {
  async handleEvents(batch) {
    const { status } = await next(named(batch.sessionId), { batch });
    if (status !== 200) throw new Error("no");
  }
}`;

/** The internet of the Worker under test. */
export const internet = {
  name: "internet",
  modules: true,
  script,
  compatibilityDate: "2026-10-20",
  serviceBindings: { ELSEWHERE: turnstileStandIn.name },
};
