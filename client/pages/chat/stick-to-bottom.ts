import type { Accessor } from "solid-js";
import {
  createComputed,
  createEffect,
  createMemo,
  createSignal,
  on,
  onCleanup,
  onMount,
} from "solid-js";

/** This near to the end counts as being there: half a line may be cut off by the composer growing. */
const NEAR_PX = 48;

export interface StickToBottom {
  readonly atBottom: Accessor<boolean>;
  toBottom(): void;
}

interface StickOptions {
  readonly scroller: () => HTMLElement;
  /** What is scrolled. */
  readonly content: () => HTMLElement;
  /** Identifies what stands first: when it changes, something was put in above. */
  readonly first: Accessor<string | undefined>;
}

/**
 * Keeps a scrolling element at its end while the reader is there, whatever grows or shrinks: messages, the keyboard of a
 * phone, the composer. For somebody who scrolled up, what is in sight stays where it is.
 */
export function createStickToBottom({
  scroller,
  content,
  ...options
}: StickOptions): StickToBottom {
  // Changes only when it is another one, and not with all that comes below.
  const first = createMemo(options.first);
  const [atBottom, setAtBottom] = createSignal(true);
  // Where it was scrolled to last, by this or by the reader: one `scroll` event may tell of both at once.
  let lastTop = 0;
  const toBottom = () => {
    setAtBottom(true);
    scroller().scrollTop = scroller().scrollHeight;
    lastTop = scroller().scrollTop;
  };

  // The computation runs before the page changes, the effect after.
  let distanceToEnd: number | undefined;
  createComputed(
    on(
      first,
      () => {
        const { scrollHeight, scrollTop } = scroller();
        distanceToEnd = atBottom() ? undefined : scrollHeight - scrollTop;
      },
      { defer: true },
    ),
  );
  createEffect(
    on(first, () => {
      if (distanceToEnd !== undefined) {
        scroller().scrollTop = scroller().scrollHeight - distanceToEnd;
        lastTop = scroller().scrollTop;
        distanceToEnd = undefined;
      }
    }),
  );

  onMount(() => {
    const element = scroller();
    const observer = new ResizeObserver(() => {
      if (atBottom()) {
        toBottom();
      }
    });
    observer.observe(element);
    observer.observe(content());
    lastTop = element.scrollTop;
    const scrolled = () => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      const near = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      // What grows pushes the end away without anybody scrolling up.
      if (near || scrollTop < lastTop) {
        setAtBottom(near);
      }
      lastTop = scrollTop;
    };
    element.addEventListener("scroll", scrolled, { passive: true });
    onCleanup(() => {
      observer.disconnect();
      element.removeEventListener("scroll", scrolled);
    });
  });
  return { atBottom, toBottom };
}
