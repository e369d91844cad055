import type { JSX } from "solid-js";
import { createMemo, createSignal, For, Show } from "solid-js";
import { Dynamic } from "solid-js/web";
import { GrowingText } from "./growing-text.ts";
import type { Parsed } from "./parse-markdown.ts";
import type { Block, Inline } from "./tree.ts";

// As large as the rest of the page: it is on its way while the chat is being opened, and what is read before is plain text.
const [parser, setParser] = createSignal<(text: string) => Parsed>();
import("./parse-markdown.ts").then(
  ({ parseMarkdown }) => setParser(() => parseMarkdown),
  () => undefined,
);

/** A message's text as its writer meant it to look. All of it is made of elements and text, none of it of HTML. */
export function Markdown(props: { text: string }): JSX.Element {
  const growing = createMemo(() => {
    const parse = parser();
    return parse && new GrowingText(parse);
  });
  const blocks = createMemo(() => growing()?.blocks(props.text));
  return (
    <Show when={blocks()} fallback={<p>{props.text}</p>}>
      {(found) => <Blocks blocks={found()} />}
    </Show>
  );
}

function Blocks(props: { blocks: readonly Block[] }): JSX.Element {
  return <For each={props.blocks}>{blockElement}</For>;
}

/** A block never changes: another one takes its place. */
function blockElement(block: Block): JSX.Element {
  switch (block.kind) {
    case "paragraph":
      return (
        <p>
          <Inlines inlines={block.children} />
        </p>
      );
    case "heading":
      // The page's own headings come above.
      return (
        <Dynamic component={`h${Math.min(block.level + 2, 6)}`}>
          <Inlines inlines={block.children} />
        </Dynamic>
      );
    case "code":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keyboard.
        <pre tabIndex={0}>
          <code>{block.text}</code>
        </pre>
      );
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.children} />
        </blockquote>
      );
    case "list":
      return (
        <Dynamic component={block.start === undefined ? "ul" : "ol"} start={block.start}>
          <For each={block.items}>
            {(item) => (
              <li>
                <Blocks blocks={item} />
              </li>
            )}
          </For>
        </Dynamic>
      );
    case "table":
      return <Table table={block} />;
    case "rule":
      return <hr />;
  }
}

function Table(props: { table: Extract<Block, { kind: "table" }> }): JSX.Element {
  const [header, ...rows] = props.table.rows;
  const cells = (row: readonly (readonly Inline[])[], component: "td" | "th") => (
    <For each={row}>
      {(cell, column) => (
        <Dynamic component={component} data-align={props.table.align[column()]}>
          <Inlines inlines={cell} />
        </Dynamic>
      )}
    </For>
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keyboard.
    <div class="table-scroller" tabIndex={0}>
      <table>
        <thead>
          <tr>{cells(header ?? [], "th")}</tr>
        </thead>
        <tbody>
          <For each={rows}>{(row) => <tr>{cells(row, "td")}</tr>}</For>
        </tbody>
      </table>
    </div>
  );
}

const TAGS = { strong: "strong", emphasis: "em", deleted: "del" } as const;

function Inlines(props: { inlines: readonly Inline[] }): JSX.Element {
  return <For each={props.inlines}>{inlineElement}</For>;
}

function inlineElement(inline: Inline): JSX.Element {
  switch (inline.kind) {
    case "text":
      return inline.text;
    case "code":
      return <code>{inline.text}</code>;
    case "break":
      return <br />;
    case "link":
      return (
        <a
          href={inline.href}
          target="_blank"
          rel="noopener noreferrer nofollow"
          title={inline.href}
        >
          <Inlines inlines={inline.children} />
        </a>
      );
    default:
      return (
        <Dynamic component={TAGS[inline.kind]}>
          <Inlines inlines={inline.children} />
        </Dynamic>
      );
  }
}
