// What stands on the host's page: a button and the place of the frame, in a shadow root, where the page's style does not
// reach. Only elements and a constructed sheet: neither a Content-Security-Policy nor Trusted Types of the page is in the way.
import { STYLE } from "./style.ts";

export interface LauncherOptions {
  readonly label: string;
  /** Whether the label is to be seen, too. */
  readonly showsLabel: boolean;
  readonly position: string | undefined;
  readonly onToggle: () => void;
}

export interface Launcher {
  /** Puts the frame in its place. */
  hold(frame: HTMLIFrameElement): void;
  show(shown: boolean): void;
  setUnread(count: number): void;
  /** The element in it that has the focus. */
  focused(): Element | null;
  focus(): void;
}

export function createLauncher(options: LauncherOptions): Launcher {
  const { label } = options;
  const host = document.createElement("durable-sessions");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  if (options.position === "left") {
    host.dataset.left = "";
  }
  const panel = add(root, "div", "panel");
  panel.id = "panel";
  const button = add(root, "button", "launcher");
  button.type = "button";
  button.setAttribute("aria-controls", panel.id);
  button.append(icon("M4 5h16v11h-9l-4 4v-4h-3z", "chat"), icon("M6 9l6 6 6-6", "hide"));
  if (options.showsLabel) {
    add(button, "span", "label").textContent = label;
  }
  const badge = add(button, "span", "badge");
  const status = add(root, "p", "status");
  status.setAttribute("role", "status");
  button.addEventListener("click", options.onToggle);
  root.addEventListener("keydown", (event) => {
    const isOpen = "open" in host.dataset;
    if (isOpen && event instanceof KeyboardEvent && event.key === "Escape") {
      options.onToggle();
    }
  });
  const launcher: Launcher = {
    hold: (frame) => panel.append(frame),
    show(shown) {
      host.toggleAttribute("data-open", shown);
      button.setAttribute("aria-expanded", `${shown}`);
    },
    setUnread(count) {
      const text = count > 0 ? `${count} unread` : "";
      badge.textContent = text && `${Math.min(count, 99)}`;
      status.textContent = text;
      button.ariaLabel = text ? `${label}, ${text}` : label;
    },
    focused: () => root.activeElement,
    focus: () => button.focus(),
  };
  launcher.show(false);
  launcher.setUnread(0);
  document.body.append(host);
  return launcher;
}

function add<K extends keyof HTMLElementTagNameMap>(
  parent: ParentNode,
  name: K,
  className: string,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.className = className;
  parent.append(element);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

function icon(path: string, name: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", name);
  svg.ariaHidden = "true";
  svg.appendChild(document.createElementNS(SVG, "path")).setAttribute("d", path);
  return svg;
}
