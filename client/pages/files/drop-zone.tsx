import type { JSX } from "solid-js";
import { createSignal, onCleanup, onMount, Show } from "solid-js";

/** Takes files that are dropped anywhere on the page, and says so while they are held above it. */
export function DropZone(props: { onFiles: (files: Iterable<File>) => void }): JSX.Element {
  const [isOver, setOver] = createSignal(false);
  /** Elements that they are above: they enter one before they leave another. */
  let depth = 0;
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") === true;
  const enter = (event: DragEvent) => {
    if (hasFiles(event)) {
      depth += 1;
      setOver(true);
    }
  };
  const leave = (event: DragEvent) => {
    if (hasFiles(event)) {
      depth -= 1;
      setOver(depth > 0);
    }
  };
  const over = (event: DragEvent) => {
    if (hasFiles(event)) {
      event.preventDefault();
    }
  };
  const drop = (event: DragEvent) => {
    depth = 0;
    setOver(false);
    if (hasFiles(event)) {
      event.preventDefault();
      props.onFiles(event.dataTransfer?.files ?? []);
    }
  };
  onMount(() => {
    const controller = new AbortController();
    const { signal } = controller;
    addEventListener("dragenter", enter, { signal });
    addEventListener("dragleave", leave, { signal });
    addEventListener("dragover", over, { signal });
    addEventListener("drop", drop, { signal });
    onCleanup(() => controller.abort());
  });
  return (
    <Show when={isOver()}>
      <p class="drop-zone">Drop the files to attach them</p>
    </Show>
  );
}
