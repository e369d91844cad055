// As whom the page acts. The token leaves the address before anything else can read it; this tab alone keeps it, so that a reload
// signs nobody out and a closed tab does.

export interface SignIn {
  readonly operatorToken: string;
  readonly teamId: string;
}

const KEY = "durable-sessions/operator";

/** From the link that opened the page, or else from before a reload; undefined when nobody is signed in. */
export function takeSignIn(): SignIn | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const operatorToken = fragment.get("op");
  const teamId = fragment.get("team");
  if (operatorToken === null) {
    return kept();
  }
  history.replaceState(history.state, "", location.pathname);
  if (teamId === null) {
    return undefined;
  }
  const signIn = { operatorToken, teamId };
  withStorage((storage) => storage.setItem(KEY, JSON.stringify(signIn)));
  return signIn;
}

export function forgetSignIn(): void {
  withStorage((storage) => storage.removeItem(KEY));
}

function kept(): SignIn | undefined {
  return withStorage((storage) => JSON.parse(storage.getItem(KEY) ?? "null") ?? undefined);
}

/** A browser that blocks storage keeps the token for as long as the page is open. */
function withStorage<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(sessionStorage);
  } catch {
    return undefined;
  }
}
