import * as operations from "../operations/devices.ts";
import { deviceListAnswer } from "../schemas/answers.ts";
import { noQuerySchema } from "../schemas/requests.ts";
import { answer, endpoint } from "./endpoint.ts";
import { closed } from "./opened.ts";

export const listDevices = endpoint({
  operationId: "listDevices",
  summary: "Who has a key to the session: the owner's devices, and guests",
  audience: "session",
  access: "listDevices",
  query: noQuerySchema,
  body: undefined,
  answers: { 200: deviceListAnswer },
  errors: ["session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "" } }) {
    return answer(200, await operations.listDevices(services, caller, id));
  },
});

export const revokeDevice = endpoint({
  operationId: "revokeDevice",
  summary: "Shut out one device, or with `others` all but the caller's; closes their connections",
  audience: "session",
  access: "revokeDevice",
  query: noQuerySchema,
  body: undefined,
  answers: { 204: null },
  errors: ["device_not_found", "session_expired", "session_terminated"],
  async handle({ services, caller, params: { id = "", credentialId = "" } }) {
    const revoked = await operations.revokeDevice(services, caller, id, credentialId);
    if (!revoked.ok) return revoked;
    const isOwn = caller.kind === "credential" && caller.credential.credentialId === credentialId;
    return isOwn ? await closed(services, caller, id) : { status: 204 };
  },
});
