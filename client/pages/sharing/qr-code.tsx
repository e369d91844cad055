import type { JSX } from "solid-js";
import { encode } from "uqr";

/** Light modules around the code, which readers need to find it. */
const QUIET_MODULES = 4;

/** A text as a QR code. */
export function QrCode(props: { text: string; label: string }): JSX.Element {
  const code = () => encode(props.text, { ecc: "M", border: QUIET_MODULES });
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${code().size} ${code().size}`}
      shape-rendering="crispEdges"
      role="img"
      aria-label={props.label}
    >
      <rect class="qr-light" width="100%" height="100%" />
      <path class="qr-dark" d={outline(code().data)} />
    </svg>
  );
}

/** A subpath for each run of dark modules. */
function outline(rows: readonly (readonly boolean[])[]): string {
  return rows
    .flatMap((row, y) =>
      [
        ...row
          .map((dark) => (dark ? "#" : " "))
          .join("")
          .matchAll(/#+/g),
      ].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`),
    )
    .join("");
}
