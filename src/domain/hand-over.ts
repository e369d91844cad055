// Who answers in a conversation and where it stands: what a change makes of it, and how its readers are told.
import type { UpdateConversationRequest } from "../protocol/conversation.ts";
import type { Author } from "../protocol/message.ts";
import type { ConversationRecord } from "./conversation-record.ts";

/** Who changes it: a member of the staff, who has an id; undefined for a team's backend. */
type By = Author | undefined;

const FIELDS = ["status", "handledBy", "assignee"] as const;
type Field = (typeof FIELDS)[number];

export interface ConversationChange {
  readonly record: ConversationRecord;
  readonly changed: readonly Field[];
  /** Told to visitors too, so that it names nobody but who did it. */
  readonly content: string;
}

/**
 * The record after `request`, or undefined when it stays as it is. Whoever of the staff takes over becomes the assignee,
 * and a conversation that goes back to the bot is nobody's, unless the request says otherwise.
 */
export function changeConversation(
  before: ConversationRecord,
  request: UpdateConversationRequest,
  by: By,
  now: number,
): ConversationChange | undefined {
  const { status, handledBy, assignee } = { ...before, ...implied(request, by), ...request };
  const after = { ...before, status, handledBy, assignee };
  const changed = FIELDS.filter((field) => after[field] !== before[field]);
  if (changed.length === 0) return undefined;
  return {
    record: { ...after, version: before.version + 1, updatedAt: now },
    changed,
    content: tell(before, after, changed, by),
  };
}

function implied({ handledBy }: UpdateConversationRequest, by: By): UpdateConversationRequest {
  if (handledBy === "bot") return { assignee: null };
  return handledBy === "operator" && by?.id !== undefined ? { assignee: by.id } : {};
}

/** What the log's entry says of a change beside its text; who of the staff it is assigned to is not for visitors. */
export function changeMetadata({ record, changed }: ConversationChange) {
  const { id, status, handledBy } = record;
  return { conversation: { id, status, handledBy }, changed };
}

/** What a visitor's message does to the thread that it goes into: undefined where that is open already. */
export function reopen(before: ConversationRecord, now: number): ConversationChange | undefined {
  if (before.status !== "closed") return undefined;
  return {
    record: { ...before, status: "open", version: before.version + 1, updatedAt: now },
    changed: ["status"],
    content: "The conversation was opened again",
  };
}

function tell(
  before: ConversationRecord,
  after: ConversationRecord,
  changed: readonly Field[],
  by: By,
): string {
  const isTakeover = after.assignee !== null && after.assignee === by?.id;
  const deeds = [
    changed.includes("handledBy") || (changed.includes("assignee") && isTakeover)
      ? handing(after, isTakeover)
      : undefined,
    changed.includes("assignee") && !changed.includes("handledBy") && !isTakeover
      ? assigning(after)
      : undefined,
  ].filter((deed) => deed !== undefined);
  if (changed.includes("status") && (deeds.length === 0 || !isImplied(before, after))) {
    deeds.push(moving(before, after));
  }
  const said = deeds.map((deed, index) => deed(index === 0 ? "the conversation" : "it"));
  return `${by?.name ?? "The team"} ${said.join(" and ")}`;
}

type Deed = (what: string) => string;

function handing({ handledBy }: ConversationRecord, isTakeover: boolean): Deed {
  if (handledBy === "bot") return (what) => `handed ${what} back to the bot`;
  return isTakeover ? (what) => `took over ${what}` : (what) => `handed ${what} to a person`;
}

function assigning({ assignee }: ConversationRecord): Deed {
  return assignee === null
    ? (what) => `left ${what} to anybody of the team`
    : (what) => `assigned ${what} to a colleague`;
}

/** Whoever hands it to a person lets it wait for one, and whoever takes up what waits lets it wait no longer. */
function isImplied(before: ConversationRecord, after: ConversationRecord): boolean {
  return after.status === "pending"
    ? before.handledBy === "bot" && after.handledBy === "operator"
    : before.status === "pending" && after.status === "open";
}

function moving(before: ConversationRecord, { status }: ConversationRecord): Deed {
  switch (status) {
    case "open":
      return before.status === "closed"
        ? (what) => `opened ${what} again`
        : (what) => `took ${what} up again`;
    case "pending":
      return (what) => `marked ${what} as pending`;
    case "closed":
      return (what) => `closed ${what}`;
  }
}
