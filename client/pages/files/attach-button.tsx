import type { JSX } from "solid-js";
import { FILE_TYPES } from "../../core/index.ts";
import { AttachIcon } from "../chat/icons.tsx";

/** Opens the system's choice of files. */
export function AttachButton(props: { onFiles: (files: Iterable<File>) => void }): JSX.Element {
  let field!: HTMLInputElement;
  return (
    <>
      <input
        type="file"
        class="visually-hidden"
        tabIndex={-1}
        aria-hidden="true"
        multiple
        accept={FILE_TYPES.join()}
        data-testid="file-field"
        ref={(found) => {
          field = found;
        }}
        onChange={() => {
          props.onFiles(field.files ?? []);
          // The same file, chosen again, is to be heard of too.
          field.value = "";
        }}
      />
      <button
        type="button"
        class="button button-quiet button-icon composer-attach"
        aria-label="Attach files"
        title="Attach files"
        onClick={() => field.click()}
      >
        <AttachIcon />
      </button>
    </>
  );
}
