import type { Services } from "../services.ts";

export type Params = Readonly<Record<string, string>>;

/** A request that met a route. */
export interface Matched {
  readonly request: Request;
  readonly services: Services;
  /** The path's parameters, decoded; undefined where they are not well-formed. */
  readonly params: Params | undefined;
}
