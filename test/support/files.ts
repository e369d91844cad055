/** Files to upload, and the calls about them. */
import { env, exports } from "cloudflare:workers";
import { filesPrefix } from "../../src/bucket/keys.ts";
import type { StoredAttachment, UploadedFile } from "../../src/protocol/file.ts";
import type { SessionWithToken } from "../../src/protocol/rest.ts";
import { BASE, call, type Sent } from "./api.ts";

export interface SampleFile {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A file that begins like this and goes on with so many bytes, and these. */
export function sampleFile(
  type: string,
  head: string,
  more: number,
  rest: readonly Uint8Array[] = [],
): SampleFile & { readonly head: string } {
  const first = new Uint8Array(head.length + more).fill(7);
  first.set(Uint8Array.from(head, (char) => char.charCodeAt(0)));
  const length = rest.reduce((sum, piece) => sum + piece.length, first.length);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of [first, ...rest]) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { type, bytes, head };
}

/** A picture by its signature: nobody here looks further. */
export const PNG = sampleFile("image/png", "\x89PNG\r\n\x1a\n", 200);

export const FILES = { png: PNG, text: sampleFile("text/plain", "Hello", 0) };

interface Named {
  readonly name?: string;
  readonly clientId?: string;
  /** In place of the owner's. */
  readonly bearer?: string;
}

export function upload(
  chat: Pick<SessionWithToken, "session" | "token">,
  { type, bytes }: SampleFile,
  named: Named = {},
): Promise<Response> {
  return uploadStream(chat, { type, length: String(bytes.length), body: bytes }, named);
}

/** The same of whatever is said to be a file. */
export function uploadStream(
  { session, token }: Pick<SessionWithToken, "session" | "token">,
  { type, length, body }: { type?: string; length?: string; body?: BodyInit },
  { name = "file", clientId = crypto.randomUUID(), bearer = token }: Named = {},
): Promise<Response> {
  const query = new URLSearchParams({ name, clientId });
  return exports.default.fetch(`${BASE}/api/sessions/${session.id}/files?${query}`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${bearer}`,
      ...(type !== undefined && { "Content-Type": type }),
      ...(length !== undefined && { "Content-Length": length }),
    },
    ...(body !== undefined && { body }),
  });
}

export async function uploaded(...args: Parameters<typeof upload>): Promise<StoredAttachment> {
  const response = await upload(...args);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json<UploadedFile>()).file;
}

export function download(
  { session, token }: Pick<SessionWithToken, "session" | "token">,
  fileId: string,
  sent: Sent = {},
): Promise<Response> {
  return call(`/api/sessions/${session.id}/files/${fileId}`, { bearer: token, ...sent });
}

export function remove(chat: SessionWithToken, fileId: string, sent: Sent = {}): Promise<Response> {
  return download(chat, fileId, { ...sent, method: "DELETE" });
}

/** What the bucket has of a session's files. */
export async function keysOf({ session }: Pick<SessionWithToken, "session">): Promise<string[]> {
  const { objects } = await env.BUCKET.list({ prefix: filesPrefix(session.id) });
  return objects.map(({ key }) => key);
}
