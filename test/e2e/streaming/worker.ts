import type { StreamCase } from "./stream-case.ts";
import { streamCase } from "./stream-case.ts";

/** Streams what it is told to, by workerd's own fetch. */
export default {
  async fetch(request: Request): Promise<Response> {
    return Response.json(await streamCase((await request.json()) as StreamCase));
  },
};
