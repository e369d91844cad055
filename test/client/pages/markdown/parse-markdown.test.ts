import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GrowingText } from "../../../../client/pages/markdown/growing-text.ts";
import { parseMarkdown } from "../../../../client/pages/markdown/parse-markdown.ts";
import type { Block, Inline } from "../../../../client/pages/markdown/tree.ts";
import { HOSTILE_TEXTS } from "./corpus.ts";

function blocks(text: string): readonly Block[] {
  return parseMarkdown(text).blocks;
}

/** The only block's content. */
function inlines(text: string): readonly Inline[] {
  const [block] = blocks(text);
  return block?.kind === "paragraph" ? block.children : [];
}

/** Every object in a tree that has a kind. */
function nodes(value: unknown): (Block | Inline)[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "kind" in value ? [value as Block | Inline] : [];
  return [...own, ...Object.values(value).flatMap(nodes)];
}

const KINDS = [
  ...["paragraph", "heading", "code", "quote", "list", "table", "rule"],
  ...["text", "strong", "emphasis", "deleted", "link", "break"],
];

function expectHarmless(text: string): void {
  for (const node of nodes(blocks(text))) {
    expect(KINDS).toContain(node.kind);
    if (node.kind === "link") {
      expect(node.href).toMatch(/^(https?:\/\/[^\s"'<>]+|mailto:|tel:)/);
    }
    if (node.kind === "code" || node.kind === "text") {
      expect(typeof node.text).toBe("string");
    }
  }
}

describe("Markdown", () => {
  it("becomes what its writer meant", () => {
    expect(inlines("**a** *b* ~~c~~ `d`")).toEqual([
      { kind: "strong", children: [{ kind: "text", text: "a" }] },
      { kind: "text", text: " " },
      { kind: "emphasis", children: [{ kind: "text", text: "b" }] },
      { kind: "text", text: " " },
      { kind: "deleted", children: [{ kind: "text", text: "c" }] },
      { kind: "text", text: " " },
      { kind: "code", text: "d" },
    ]);
    expect(
      blocks("# a\n\n> b\n\n2. c\n3. d\n\n```\ne\n```\n\n---").map(({ kind }) => kind),
    ).toEqual(["heading", "quote", "list", "code", "rule"]);
    expect(blocks("2. c\n3. d")).toMatchObject([{ start: 2, items: [[{}], [{}]] }]);
    expect(blocks("| a | b |\n| - | -: |\n| 1 | 2 |")).toMatchObject([
      {
        kind: "table",
        align: [undefined, "right"],
        rows: [
          [{}, {}],
          [{}, {}],
        ],
      },
    ]);
  });

  it("keeps the lines that were written", () => {
    expect(inlines("one\ntwo")).toEqual([{ kind: "text", text: "one\ntwo" }]);
  });

  it("finds addresses without markup, and leaves the sentence's stop out", () => {
    const link = (href: string) => ({
      kind: "link",
      href,
      children: [{ kind: "text", text: href }],
    });
    expect(inlines("See https://a.example/x_y?z=1#w.")).toEqual([
      { kind: "text", text: "See " },
      link("https://a.example/x_y?z=1#w"),
      { kind: "text", text: "." },
    ]);
    expect(inlines("(http://a.example/b)")[1]).toEqual(link("http://a.example/b"));
    expect(inlines("no address: http:// or https")).toMatchObject([{ kind: "text" }]);
  });

  it("leads where the link leads, whatever its text looks like", () => {
    expect(inlines("[https://good.example/](https://other.example/)")).toEqual([
      {
        kind: "link",
        href: "https://other.example/",
        children: [{ kind: "text", text: "https://good.example/" }],
      },
    ]);
  });

  it("loads no image: it is a link", () => {
    expect(inlines("![a cat](https://a.example/cat.png)")).toEqual([
      {
        kind: "link",
        href: "https://a.example/cat.png",
        children: [{ kind: "text", text: "a cat" }],
      },
    ]);
  });

  it("shows HTML as the text that it is", () => {
    const html = "a <b onclick=x>bold</b> word";
    expect(inlines(html)).toEqual([{ kind: "text", text: html }]);
    expect(inlines("<script>alert(1)</script>")).toEqual([
      { kind: "text", text: "<script>alert(1)</script>" },
    ]);
  });

  it("does not make a heading of the line above a list that is about to come", () => {
    expect(blocks("These:\n-")[0]).toMatchObject({ kind: "paragraph" });
  });
});

describe("hostile text", () => {
  it.each(HOSTILE_TEXTS)("%j comes to nothing", (text) => {
    expectHarmless(text);
    expectHarmless(`> - ${text}`);
    expectHarmless(`**${text}**`);
  });

  it("comes to nothing in any mixture", () => {
    const part = fc.constantFrom(
      ...HOSTILE_TEXTS,
      ..."[ ] ( ) < > ! * _ ~ ` | \\ & : / javascript: https:// data: # - + 1. \n \t".split(" "),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        expectHarmless(parts.join(""));
      }),
    );
  });

  it.each([
    ...["> ", "- ", "1. ", "> - ", ">", "*a_ ", "a**b", "a*b_", "**a ", "~~a "],
    ...["[", "![", "[a](", "[a][b]", "`", "`a", "<", "<a ", "&", "\\", "|a|\n", "|", "- a\n  "],
    ...["https://", "http://a.b/.", "***", "_", "~"],
  ])("%j without end stalls nothing", (part) => {
    const text = part.repeat(Math.ceil(32_768 / part.length)).slice(0, 32_768);
    expect(blocks(text).length).toBeGreaterThan(0);
  });

  it.each([
    ["quotes", "", "> \n\n"],
    ["quotes in items", "", "- > a\n\n  > b\n"],
    ["items in quotes", "", "> 1. - a\n"],
    ["items without a word", "", "-\n"],
    ["lines that go on in a quote", `${">".repeat(15)}a\n`, "b\n"],
    ["lines that go on in an item", `${"- ".repeat(15)}a\n`, "b\n"],
  ])("%s without end are read in no time", (_, opening, part) => {
    const text = (opening + part.repeat(32_768 / part.length)).slice(0, 32_768);
    const startedAt = performance.now();
    expect(blocks(text).length).toBeGreaterThan(0);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it("a long answer of quotes and items is none", () => {
    const answer = "> Somebody said that, long ago.\n\n- And this is one of\n  many items.\n\n";
    expect(blocks(answer.repeat(450))).toHaveLength(900);
  });

  it("goes no deeper than the stack", () => {
    const steps = Array.from({ length: 180 }, (_, depth) => `${"  ".repeat(depth)}- a`);
    expect(blocks(steps.join("\n")).length).toBeGreaterThan(0);
  });
});

describe("a growing text", () => {
  const part = fc.constantFrom(
    ..."a,b c,**,*,`,```,\n,\n\n,- ,   - ,1. ,  ,> ,# ,| a | b |,| - | - |,---,[x](https://a.example),~~,\t".split(
      ",",
    ),
  );

  it("looks at any time as if it had been read as a whole", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const growing = new GrowingText(parseMarkdown);
        let text = "";
        for (const more of parts) {
          text += more;
          expect(growing.blocks(text)).toEqual(blocks(text));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps the blocks that no further text can change", () => {
    const growing = new GrowingText(parseMarkdown);
    const [first] = growing.blocks("one\n\ntwo\n\nth");
    const [same, , third] = growing.blocks("one\n\ntwo\n\nthree");
    expect(same).toBe(first);
    expect(third).toEqual({ kind: "paragraph", children: [{ kind: "text", text: "three" }] });
  });

  it("begins anew with another text", () => {
    const growing = new GrowingText(parseMarkdown);
    growing.blocks("one\n\ntwo");
    expect(growing.blocks("else")).toEqual(blocks("else"));
  });
});
