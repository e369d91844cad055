// The table of routes as a router; what it does not know is a problem too.
import { type IRequest, Router } from "itty-router";
import { signingKeys } from "../keys.ts";
import type { Services } from "../services.ts";
import { dispatch, fromOrigin, guarded, preflight } from "./dispatch.ts";
import type { Matched, Params } from "./matched.ts";
import { openApiDocument } from "./openapi.ts";
import type { Audience } from "./origin.ts";
import { problem } from "./problem.ts";
import { logged } from "./request-log.ts";
import { connect, refused } from "./socket.ts";
import { isUpgrade } from "./subprotocols.ts";
import { OPENAPI_PATH, type Route, SOCKET_PATH } from "./table.ts";

export interface Api {
  fetch(request: Request, env: Env): Promise<Response>;
}

export function createApi(routes: readonly Route[]): Api {
  const router = Router<IRequest, [Services]>();
  const at = (request: IRequest, services: Services): Matched => ({
    request: request as unknown as Request,
    services,
    params: decoded(request.params),
  });
  const notFound = (request: IRequest, services: Services) =>
    fromOrigin("public", at(request, services), async () => problem({ code: "not_found" }));
  // The router would take it for the path without it: `…/messages/..`, from an id that somebody made up, for the session.
  router.all("*", (request, services) =>
    new URL(request.url).pathname.endsWith("/") ? notFound(request, services) : undefined,
  );
  for (const [method, path, endpoint] of routes) {
    router[lower(method)](path, (request, services) => dispatch(endpoint, at(request, services)));
  }
  let openApi: string | undefined;
  router.get(OPENAPI_PATH, (request, services) =>
    fromOrigin("public", at(request, services), async () => {
      openApi ??= JSON.stringify(openApiDocument(routes));
      return new Response(openApi, { headers: { "Content-Type": "application/json" } });
    }),
  );
  router.get(SOCKET_PATH, (request, services) => connect(at(request, services)));

  const paths = Map.groupBy(routes, ([, path]) => path);
  for (const [path, [first]] of [...paths, [SOCKET_PATH, []], [OPENAPI_PATH, []]] as const) {
    const audience: Audience = first?.[2].audience ?? (path === SOCKET_PATH ? "session" : "public");
    router.options(path, (request, services) => preflight(audience, at(request, services)));
    const allowed = allowedMethods(paths.get(path) ?? []);
    router.all(path, (request, services) =>
      fromOrigin(audience, at(request, services), async () => {
        const response = problem({ code: "method_not_allowed" });
        response.headers.set("Allow", allowed);
        return response;
      }),
    );
  }
  router.all("*", notFound);

  return {
    async fetch(request, env) {
      return await logged(request, async () => {
        if (isInsecure(request.url)) {
          const failure = { code: "insecure_transport" } as const;
          return isUpgrade(request) ? refused(request, failure) : problem(failure);
        }
        return await guarded(async () =>
          router.fetch(request, { env, keys: await signingKeys(env) }),
        );
      });
    },
  };
}

/** Whether others on the way could read along: credentials cross no wire in clear, but for one's own machine's. */
function isInsecure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol !== "https:" && protocol !== "wss:" && !LOCAL_HOSTS.test(hostname);
}

/** The loopback names of RFC 6761 and RFC 8252. */
const LOCAL_HOSTS = /^(?:(?:.+\.)?localhost|127\.0\.0\.1|\[::1\])$/;

/** Decoded before anybody looks at them: whoever asks which session it is has to get the same answer. */
function decoded(params: Params): Params | undefined {
  try {
    return Object.fromEntries(
      Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)]),
    );
  } catch {
    return undefined;
  }
}

function allowedMethods(routes: readonly Route[]): string {
  const methods = routes.map(([method]) => method);
  return [...(methods.length === 0 ? ["GET"] : methods), "OPTIONS"].join(", ");
}

function lower<M extends string>(method: M): Lowercase<M> {
  return method.toLowerCase() as Lowercase<M>;
}
