import * as operations from "../operations/data-requests.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { endpoint } from "./endpoint.ts";

export const exportSession = endpoint({
  operationId: "exportSession",
  summary: "All that is held about the session, also after its end",
  audience: "session",
  access: "exportSession",
  query: noQuerySchema,
  body: undefined,
  answers: {
    200: {
      mediaType: "application/x-ndjson",
      description: "One JSON object a line, `end` the last: see docs/transcripts.md",
    },
  },
  errors: ["fresh_credential_needed", "rate_limited"],
  async handle({ services, caller, params: { id = "" } }) {
    const exported = await operations.exportSession(services, caller, id);
    if (!exported.ok) return exported;
    const headers = {
      "Content-Type": "application/x-ndjson",
      "Content-Disposition": `attachment; filename="${id}.ndjson"`,
    };
    return { status: 200, stream: exported.stream, headers };
  },
});
