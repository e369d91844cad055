/** What another Worker reaches of a session's object: the methods that are meant, and nothing that they are made of. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { SessionObject } from "../../objects/session.ts";
import { newSession, newTeam } from "../support/api.ts";

/** Every name that an instance's prototypes have, up to the platform's own. */
function methods(): string[] {
  const names: string[] = [];
  for (
    let prototype = SessionObject.prototype;
    "reconcile" in prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    names.push(...Object.getOwnPropertyNames(prototype));
  }
  return names;
}

test.each(["entrance", "ctx", "env"])("%s is out of reach", async (name) => {
  const { session } = await newSession(await newTeam());
  const stub = env.SESSIONS.getByName(session.id) as unknown as Record<string, () => unknown>;
  await expect((async () => await stub[name])()).rejects.toThrow();
  await expect((async () => await stub[name]?.())()).rejects.toThrow();
});

test("every name on it is a method", () => {
  for (const name of methods()) {
    expect(Reflect.get(SessionObject.prototype, name), name).toBeInstanceOf(Function);
  }
});
