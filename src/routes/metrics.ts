import * as operations from "../operations/metrics.ts";
import { metricsAnswer } from "../schemas/metrics.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { answer, endpoint } from "./endpoint.ts";

export const getMetrics = endpoint({
  operationId: "getMetrics",
  summary: "How the deployment fares, each figure with where it comes from",
  audience: "admin",
  access: "admin",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: metricsAnswer },
  errors: [],
  async handle({ services, caller }) {
    return answer(200, await operations.getMetrics(services, caller));
  },
});
