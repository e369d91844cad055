import packageJson from "../../package.json" with { type: "json" };
import { healthAnswer } from "../schemas/answers.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { endpoint } from "./endpoint.ts";

export const VERSION: string = packageJson.version;

export const getHealth = endpoint({
  operationId: "getHealth",
  summary: "Whether the Worker runs, and its version",
  audience: "public",
  access: "anyone",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: healthAnswer },
  errors: [],
  async handle() {
    return { status: 200, body: { status: "ok", version: VERSION } };
  },
});
