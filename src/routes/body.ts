// Request bodies: bounded while they are read, UTF-8, JSON that says one thing, and then the schema.
import type { z } from "zod";
import { MAX_BODY_BYTES } from "../protocol/limits.ts";
import { type Checked, checkValue } from "../schemas/check-value.ts";
import { BadJsonError, parseJson } from "../schemas/json.ts";

/** The JSON body as `schema` has it; an empty one counts as `{}`. */
export async function readBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  maxBytes = MAX_BODY_BYTES,
): Promise<Checked<T>> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readBytes(request, maxBytes);
  } catch {
    return { ok: false, code: "malformed_json", message: "the body broke off" };
  }
  if (bytes === undefined) return { ok: false, code: "body_too_large" };
  // An empty form is a form: nothing that a page can send without asking first may get through.
  const isDeclared = request.headers.has("Content-Type");
  if ((bytes.length > 0 || isDeclared) && !isJson(request))
    return { ok: false, code: "unsupported_media_type" };
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    value = bytes.length === 0 ? {} : parseJson(text);
  } catch (error) {
    const message = error instanceof BadJsonError ? error.message : "not valid UTF-8";
    return { ok: false, code: "malformed_json", message };
  }
  return checkValue(schema, value, "validation_failed");
}

/** The query's parameters as `schema` has them; one that comes twice is refused. */
export function readQuery<T>(url: string, schema: z.ZodType<T>): Checked<T> {
  const entries = url.includes("?") ? [...new URL(url).searchParams] : [];
  const query = Object.fromEntries(entries);
  if (Object.keys(query).length !== entries.length) {
    return { ok: false, code: "invalid_parameter", message: "A parameter comes twice." };
  }
  return checkValue(schema, query, "invalid_parameter");
}

function isJson(request: Request): boolean {
  const type = request.headers.get("Content-Type") ?? "";
  return /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type.trim());
}

/** Whether the body is text in UTF-8; one that says nothing of itself counts as such. */
export function isText(request: Request): boolean {
  const type = request.headers.get("Content-Type") ?? "text/plain";
  return /^text\/plain\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type.trim());
}

/** The body's bytes, or undefined as soon as there are too many. */
async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  if (request.body === null) return new Uint8Array();
  if (Number(request.headers.get("Content-Length")) > maxBytes) {
    await request.body.cancel();
    return undefined;
  }
  const bytes = new Uint8Array(maxBytes);
  let length = 0;
  for await (const chunk of request.body) {
    if (length + chunk.length > maxBytes) return undefined;
    bytes.set(chunk, length);
    length += chunk.length;
  }
  return bytes.subarray(0, length);
}
