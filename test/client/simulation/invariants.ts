// What has to be right at the end of every run, whatever happened in it.
import type { ModelSession } from "./model-session.ts";
import type { Simulation } from "./simulation.ts";
import type { Tab, Written } from "./tab.ts";

/** Calls and sockets of one tab in one minute: far more than a person causes, far less than a loop. */
const MAX_CALLS_A_MINUTE = 60;

const MINUTE_MS = 60_000;

/** Everything that is wrong, a line each. */
export function violations(simulation: Simulation): string[] {
  return [
    ...simulation.violations,
    ...secrecy(simulation),
    ...storms(simulation),
    ...messages(simulation),
    ...promises(simulation),
    ...tabs(simulation),
    ...(simulation.isStorageBroken
      ? []
      : [...thefts(simulation), ...agreement(simulation), ...sessions(simulation)]),
  ];
}

function secrecy({ browser }: Simulation): string[] {
  return browser.posted
    .filter((message) => message.includes("secret"))
    .map((message) => `a token was told among tabs: ${message}`);
}

function thefts({ server }: Simulation): string[] {
  return server.thefts.map((theft) => `a replaced secret was used: ${theft}`);
}

function storms({ browser, server, settings, world }: Simulation): string[] {
  const loud = browser.tabs.flatMap(({ name, calls }) => {
    const most = Math.max(0, ...calls.map((at) => inMinuteFrom(calls, at)));
    return most > MAX_CALLS_A_MINUTE ? [`${name} made ${most} calls in a minute`] : [];
  });
  const { refreshInterval } = settings;
  if (refreshInterval === undefined) {
    return loud;
  }
  const [first = world.now] = browser.tabs.flatMap(({ calls }) => calls.slice(0, 1));
  const intervals = (world.now - first) / (refreshInterval * MINUTE_MS);
  // Tabs that are shown in the same moment may each do it.
  const moments = server.refreshes.filter((at, index, all) => at > (all[index - 1] ?? 0) + 10_000);
  return moments.length > intervals + 1
    ? [...loud, `${moments.length} refreshes in ${intervals.toFixed(1)} intervals`]
    : loud;
}

function inMinuteFrom(calls: readonly number[], start: number): number {
  return calls.filter((at) => at >= start && at < start + MINUTE_MS).length;
}

/** Each message is somewhere, once, and in the order in which its page wrote it. */
function messages(simulation: Simulation): string[] {
  const { browser, server, resent } = simulation;
  const found: string[] = [];
  for (const session of server.sessions.values()) {
    const own = session.log.filter(({ role }) => role === "user");
    const ids = own.map(({ clientId }) => clientId);
    if (new Set(ids).size < ids.length) {
      found.push(`${session.id} has a message twice`);
    }
    for (const tab of browser.tabs) {
      const order = browser.written
        .filter(({ tab: name, clientId }) => name === tab.name && ids.includes(clientId))
        // Another tab that sends what this one left comes to no hole that storage has.
        .filter(({ isKept }) => isKept)
        .filter(({ clientId }) => !resent.has(clientId) && !server.limited.has(clientId))
        .map(({ clientId }) => ids.indexOf(clientId));
      if (order.some((place, index) => place < (order[index - 1] ?? 0))) {
        found.push(`${session.id} has what ${tab.name} wrote in another order`);
      }
    }
  }
  return [...found, ...browser.written.flatMap((written) => lost(simulation, written))];
}

function lost(simulation: Simulation, written: Written): string[] {
  const { browser, dismissed, isStorageBroken } = simulation;
  const { clientId, content, outcome, tab: name } = written;
  const tab = browser.tabs.find((one) => one.name === name);
  const isSafe = !isStorageBroken || (tab?.state === "running" && !sessionChanged(tab));
  if (outcome === "refused" || dismissed.has(clientId) || !isSafe || isCookieGone(simulation)) {
    return [];
  }
  const homes = homesOf(simulation, clientId);
  if (isKept(simulation, clientId)) {
    return [];
  }
  if (homes.length === 0) {
    return [`${content} of ${name} is lost`];
  }
  const isAlive = homes.some(
    (session) =>
      session.status === "expired" ||
      wasAskedToEnd(simulation, session) ||
      isShown(simulation, session),
  );
  return isAlive
    ? []
    : [`${content} of ${name} is only in ${homes.map(({ id }) => id)}, which nobody has`];
}

/** Whether the person can still find it: as failed, as unsent, or with the session that was ended. */
function isKept({ browser }: Simulation, clientId: string): boolean {
  return browser.running.some(({ client, storage }) => {
    const { status, messages: shown, previous } = client.getState();
    return (
      shown.some(({ key, delivery }) => key === clientId && delivery === "failed") ||
      previous?.unsent.some(({ key }) => key === clientId) ||
      (status === "terminated" && storage.holds(clientId))
    );
  });
}

/** Where storage failed, a page may have lost its session and begun another. */
function sessionChanged({ client }: Tab): boolean {
  return client.getState().status !== "active";
}

function homesOf({ server }: Simulation, clientId: string): ModelSession[] {
  return [...server.sessions.values()].filter(({ log }) =>
    log.some((message) => message.clientId === clientId),
  );
}

function wasAskedToEnd({ browser }: Simulation, { id }: ModelSession): boolean {
  return browser.askedToEnd.has(id);
}

function isShown({ browser }: Simulation, { id }: ModelSession): boolean {
  return browser.running.some(({ client }) => client.getState().sessionId === id);
}

/** What a page said of a message is true, and in time. */
function promises(simulation: Simulation): string[] {
  const { browser } = simulation;
  return browser.written.flatMap(({ tab: name, clientId, content, outcome }) => {
    const tab = browser.tabs.find((one) => one.name === name);
    const homes = homesOf(simulation, clientId);
    if (outcome === "stored" && homes.length === 0) {
      return [`${content} of ${name} was said to be stored and is not`];
    }
    const { sessionId } = tab?.client.getState() ?? {};
    const isHere = homes.some(({ id, status }) => id === sessionId && status === "active");
    if (outcome === "refused" && isHere && !simulation.resent.has(clientId)) {
      return [`${content} of ${name} was said to be refused and is stored`];
    }
    return outcome === "open" && isHere && tab?.state === "running"
      ? [`${content} of ${name} is stored and nobody was told`]
      : [];
  });
}

/** Each page shows what the server has. */
function tabs(simulation: Simulation): string[] {
  const { browser, server, settings } = simulation;
  return browser.running.flatMap(({ name, client }) => {
    const state = client.getState();
    const session = server.sessions.get(state.sessionId ?? "");
    if (state.status === "terminated" && session && wasAskedToEnd(simulation, session)) {
      return [];
    }
    if (state.error?.code === "invalid_credential" && isCookieGone(simulation)) {
      return [];
    }
    if (settings.autoCreate === "lazy" && state.status === "idle" && state.pendingCount === 0) {
      return [];
    }
    if (state.status !== "active" || session?.status !== "active") {
      return [
        `${name} is ${state.status} with ${state.sessionId}, which is ${session?.status}: ${state.error}`,
      ];
    }
    const shown = state.messages.filter(({ seq }) => seq !== undefined);
    const [first] = shown;
    const expected = session.log.slice((first?.seq ?? session.lastSeq + 1) - 1);
    const isSame =
      shown.length === expected.length &&
      shown.every(
        ({ seq, content }, at) => seq === expected[at]?.seq && content === expected[at]?.content,
      );
    const found = isSame
      ? []
      : [`${name} shows ${shown.map(({ seq }) => seq)} of ${session.lastSeq}`];
    const waiting = state.messages.filter(
      ({ delivery }) => delivery === "queued" || delivery === "sending",
    );
    if (waiting.length > 0 || state.pendingCount > 0) {
      found.push(`${name} still waits with ${waiting.map(({ content }) => content)}`);
    }
    if (state.connection.state !== "online" || !state.synced) {
      found.push(`${name} is ${state.connection.state}`);
    }
    return found;
  });
}

/**
 * Whoever ends a session gives its cookie back. A page that did not hear of that only knows that its key is gone, and
 * removes what may be in other hands.
 */
function isCookieGone(simulation: Simulation): boolean {
  const { browser, liveSessions, settings } = simulation;
  const isLeft = liveSessions.every((session) => !isShown(simulation, session));
  return settings.tokenTransport === "cookie" && browser.askedToEnd.size > 0 && isLeft;
}

/** All pages have the same session. */
function agreement(simulation: Simulation): string[] {
  const { browser, settings } = simulation;
  if (isCookieGone(simulation)) {
    return [];
  }
  const seen = new Set(
    browser.running.map(({ client }) => {
      const { status, sessionId } = client.getState();
      const isNone = status === "idle" || status === "terminated";
      // Whoever asked for the next one may be gone: a page that comes then waits for a message, one from before for a call.
      return settings.autoCreate === "lazy" && isNone ? "none" : `${status} ${sessionId}`;
    }),
  );
  return seen.size > 1 ? [`tabs have ${[...seen].join(" and ")}`] : [];
}

/** A browser has one session; what was ended stays ended. */
function sessions(simulation: Simulation): string[] {
  const { browser, liveSessions, server, isCreationAsked, isNetworkBroken } = simulation;
  // Whoever left one in favour of another may be gone, or have been without a server, before it could end it.
  const isUndisturbed = !isNetworkBroken && browser.tabs.every(({ state }) => state === "running");
  const extra = liveSessions
    .filter((session) => isUndisturbed && !isShown(simulation, session))
    .map(({ id, log }) => `${id} goes on with ${log.length} messages, and nobody has it`);
  const ended = [...server.sessions.values()].filter(
    (session) => wasAskedToEnd(simulation, session) && session.status === "terminated",
  );
  const reborn = ended.flatMap((session) => {
    const { endedAt } = session;
    const after = [...server.sessions.values()].filter(({ createdAt }) => createdAt > endedAt);
    return after.length > 0 && !isCreationAsked
      ? [`${session.id} was terminated and ${after.map(({ id }) => id)} came after it`]
      : [];
  });
  return [...extra, ...reborn];
}
