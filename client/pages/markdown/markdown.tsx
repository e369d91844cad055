import type { JSX } from "solid-js";
import { createMemo, createSignal, For, Show } from "solid-js";
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
      return headingElement(block);
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
      return block.start === undefined ? (
        <ul>
          <Items items={block.items} />
        </ul>
      ) : (
        <ol start={block.start}>
          <Items items={block.items} />
        </ol>
      );
    case "table":
      return <Table table={block} />;
    case "rule":
      return <hr />;
  }
}

/** The page's own headings come above. */
function headingElement({ level, children }: Extract<Block, { kind: "heading" }>): JSX.Element {
  const text = <Inlines inlines={children} />;
  switch (level) {
    case 1:
      return <h3>{text}</h3>;
    case 2:
      return <h4>{text}</h4>;
    case 3:
      return <h5>{text}</h5>;
    default:
      return <h6>{text}</h6>;
  }
}

function Items(props: { items: readonly (readonly Block[])[] }): JSX.Element {
  return (
    <For each={props.items}>
      {(item) => (
        <li>
          <Blocks blocks={item} />
        </li>
      )}
    </For>
  );
}

function Table(props: { table: Extract<Block, { kind: "table" }> }): JSX.Element {
  const [header = [], ...rows] = props.table.rows;
  const align = (column: number) => props.table.align[column];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keyboard.
    <div class="table-scroller" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <For each={header}>
              {(cell, column) => (
                <th data-align={align(column())}>
                  <Inlines inlines={cell} />
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody>
          <For each={rows}>
            {(row) => (
              <tr>
                <For each={row}>
                  {(cell, column) => (
                    <td data-align={align(column())}>
                      <Inlines inlines={cell} />
                    </td>
                  )}
                </For>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </div>
  );
}

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
    case "strong":
      return (
        <strong>
          <Inlines inlines={inline.children} />
        </strong>
      );
    case "emphasis":
      return (
        <em>
          <Inlines inlines={inline.children} />
        </em>
      );
    case "deleted":
      return (
        <del>
          <Inlines inlines={inline.children} />
        </del>
      );
  }
}
