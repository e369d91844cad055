/** The sessions' objects as Cloudflare lists them: https://developers.cloudflare.com/api/resources/durable_objects/ */
import { callJson } from "./calls.ts";

export interface CloudflareApi {
  /** Where an account's resources are, without a slash at the end. */
  readonly base: string;
  readonly token: string | undefined;
}

export interface ObjectPage {
  readonly ids: readonly string[];
  /** Where the next page begins; undefined behind the last. */
  readonly nextCursor: string | undefined;
}

interface Listed<T> {
  readonly result: readonly T[];
  readonly result_info?: {
    readonly cursor?: string;
    readonly cursors?: { readonly after?: string };
  };
}

interface Namespace {
  readonly id: string;
  readonly script?: string;
  readonly class?: string;
}

/** More than an account may have. */
const MAX_NAMESPACES = 1000;

/** The namespace of a Worker's class. */
export async function findNamespace(
  api: CloudflareApi,
  script: string,
  className: string,
): Promise<string> {
  const { result } = await get<Namespace>(api, "", { per_page: String(MAX_NAMESPACES) });
  const found = result.find((one) => one.script === script && one.class === className);
  if (found === undefined) {
    throw new Error(`The account has no Worker "${script}" with objects of "${className}".`);
  }
  return found.id;
}

/** Objects that have stored something, from `cursor` on. */
export async function listObjects(
  api: CloudflareApi,
  namespace: string,
  { cursor, limit }: { readonly cursor: string | undefined; readonly limit: number },
): Promise<ObjectPage> {
  const { result, result_info: info } = await get<{ id: string; hasStoredData?: boolean }>(
    api,
    `/${encodeURIComponent(namespace)}/objects`,
    { limit: String(limit), ...(cursor !== undefined && { cursor }) },
  );
  return {
    ids: result.filter(({ hasStoredData }) => hasStoredData !== false).map(({ id }) => id),
    // The reference and the client libraries name different places.
    nextCursor: info?.cursors?.after || info?.cursor || undefined,
  };
}

async function get<T>(
  { base, token }: CloudflareApi,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<Listed<T>> {
  const url = new URL(`${base}/workers/durable_objects/namespaces${path}`);
  url.search = new URLSearchParams(query).toString();
  return await callJson<Listed<T>>(url, { bearer: token, body: undefined });
}
