// Markdown to the few elements of tree.ts, by micromark. What makes HTML, hidden definitions or a jump of the page while a text is being
// written is switched off; the rest is an allowlist.
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmStrikethroughFromMarkdown } from "mdast-util-gfm-strikethrough";
import { gfmTableFromMarkdown } from "mdast-util-gfm-table";
import { gfmStrikethrough } from "micromark-extension-gfm-strikethrough";
import { gfmTable } from "micromark-extension-gfm-table";
import { findLinks } from "./find-links.ts";
import { safeHref } from "./safe-href.ts";
import type { Align, Block, Inline } from "./tree.ts";

type Root = ReturnType<typeof fromMarkdown>;
type Node = Root["children"][number];

const OPTIONS: Parameters<typeof fromMarkdown>[1] = {
  extensions: [
    gfmTable(),
    gfmStrikethrough({ singleTilde: false }),
    {
      disable: {
        null: ["htmlFlow", "htmlText", "definition", "codeIndented", "setextUnderline"],
      },
    },
  ],
  mdastExtensions: [gfmTableFromMarkdown(), gfmStrikethroughFromMarkdown()],
};

/** Lists and quotes within each other on one line: micromark's time and stack grow with their square. */
const DEEP = /^(?:[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]|>)){16}/m;
const DEEP_INDENT = /^[ \t]{60}[ \t]*(?:[-*+>]|\d{1,9}[.)])/m;

/** What opens quotes and list items at the beginning of a line, … */
const CONTAINERS = /^(?:[ \t]*(?:(?:[-*+]|\d{1,9}[.)])(?=\s)|>))+/gm;

/** … each of which, and each line that goes on in one, costs micromark the more time the more there are before it. */
const MAX_CONTAINERS = 2_000;
const MAX_LINES_WITH_CONTAINERS = 4_000;

/** So many asterisks and brackets in one paragraph are no emphasis and no links; pairing them takes the square of their number. */
const MAX_MARKS = 1_000;

export interface Parsed {
  readonly blocks: readonly Block[];
  /** So many blocks no further text can change, … */
  readonly settled: number;
  /** … and what follows them begins here. */
  readonly settledTo: number;
}

/** @param text at most `MAX_CONTENT_BYTES`, from whoever it may be */
export function parseMarkdown(text: string): Parsed {
  if (isHostile(text)) {
    return { blocks: [plain(text)], settled: 0, settledTo: 0 };
  }
  const { children } = fromMarkdown(text, OPTIONS);
  const starts = children.map(({ position }) => lineStart(text, position?.start.offset ?? 0));
  const settled = starts.findLastIndex((start) => standsApart(text, start));
  return {
    blocks: children.map(blockOf),
    settled: Math.max(0, settled),
    settledTo: starts[settled] ?? 0,
  };
}

/** A block's own position leaves its indentation out, which says what belongs to it. */
function lineStart(text: string, offset: number): number {
  return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/**
 * Whether a block is read as it would be at the beginning of a text, and goes on being one: after an empty line, with its
 * first line complete. What looks like a rule may still become a sentence.
 */
function standsApart(text: string, start: number): boolean {
  if (start < 2 || !text.includes("\n", start)) {
    return false;
  }
  const above = text.lastIndexOf("\n", start - 2);
  return above !== -1 && /^[ \t]*$/.test(text.slice(above + 1, start - 1));
}

function isHostile(text: string): boolean {
  return (
    DEEP.test(text) ||
    DEEP_INDENT.test(text) ||
    hasManyContainers(text) ||
    text.split(/\n[ \t]*\n/).some((part) => (part.match(/[*_~]+|\[/g)?.length ?? 0) > MAX_MARKS)
  );
}

function hasManyContainers(text: string): boolean {
  const openings = text.match(CONTAINERS) ?? [];
  if (openings.length === 0) {
    return false;
  }
  const count = openings.join("").match(/[-*+.)>]/g)?.length ?? 0;
  return count > MAX_CONTAINERS || text.split("\n").length > MAX_LINES_WITH_CONTAINERS;
}

function plain(text: string): Block {
  return { kind: "paragraph", children: [{ kind: "text", text }] };
}

function blockOf(node: Node): Block {
  switch (node.type) {
    case "paragraph":
      return { kind: "paragraph", children: node.children.flatMap(inlinesOf) };
    case "heading":
      return { kind: "heading", level: node.depth, children: node.children.flatMap(inlinesOf) };
    case "code":
      return { kind: "code", text: node.value };
    case "blockquote":
      return { kind: "quote", children: node.children.map(blockOf) };
    case "list": {
      const start = node.ordered === true ? (node.start ?? 1) : undefined;
      const items = node.children.map((item) => item.children.map(blockOf));
      return { kind: "list", start, items };
    }
    case "table": {
      const align = (node.align ?? []).map((side): Align => side ?? undefined);
      const rows = node.children.map((row) =>
        row.children.map((cell) => cell.children.flatMap(inlinesOf)),
      );
      return { kind: "table", align, rows };
    }
    case "thematicBreak":
      return { kind: "rule" };
    default:
      return { kind: "paragraph", children: inlinesOf(node) };
  }
}

function inlinesOf(node: Node): Inline[] {
  switch (node.type) {
    case "text":
      return findLinks(node.value);
    case "inlineCode":
      return [{ kind: "code", text: node.value }];
    case "strong":
    case "emphasis":
      return [{ kind: node.type, children: node.children.flatMap(inlinesOf) }];
    case "delete":
      return [{ kind: "deleted", children: node.children.flatMap(inlinesOf) }];
    case "break":
      return [{ kind: "break" }];
    case "link":
      return linkOf(node.url, withoutLinks(node.children.flatMap(inlinesOf)));
    case "image":
      // Loading it would tell somebody else who reads this, and when.
      return linkOf(node.url, [{ kind: "text", text: node.alt || node.url }]);
    default:
      return "value" in node ? [{ kind: "text", text: node.value }] : [];
  }
}

function linkOf(url: string, children: readonly Inline[]): Inline[] {
  const href = safeHref(url);
  return href === undefined ? [...children] : [{ kind: "link", href, children }];
}

/** A link's text may look like an address; it still leads where the link does. */
function withoutLinks(inlines: readonly Inline[]): Inline[] {
  return inlines.flatMap((inline): Inline[] => {
    if (inline.kind === "link") {
      return withoutLinks(inline.children);
    }
    return "children" in inline
      ? [{ ...inline, children: withoutLinks(inline.children) }]
      : [inline];
  });
}
