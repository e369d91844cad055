// What all calls of a session object go through.
import { DurableObject } from "cloudflare:workers";
import { Entrance } from "./entrance.ts";

/** Only methods can be called from outside: the entrance is the object's own. */
export abstract class Callable extends DurableObject<Env> {
  protected readonly entrance: Entrance;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.entrance = new Entrance(ctx, env);
  }
}
