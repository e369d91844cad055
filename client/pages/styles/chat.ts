// What the chat is drawn with, on its own page and in a frame, in the order in which it counts.
import "./theme.css";
import "./page.css";
import "./header.css";
import "./log.css";
import "./markdown.css";
import "./composer.css";
import "./notice.css";
import "./dialog.css";
import "./settings.css";
import "./sharing.css";
