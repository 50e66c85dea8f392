/* Code blocks: their language, a copy button, and colours that come only when there is code. */
import DOMPurify from "dompurify";
import { copy as copyText } from "../shared/clipboard.js";
import { t } from "../shared/strings.js";
import { toast } from "../shared/toast.js";

const SPANS = { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], RETURN_DOM_FRAGMENT: true };

let library = null;

function header(code, language) {
  const bar = document.createElement("div");
  bar.className = "code-bar";
  const name = document.createElement("span");
  name.textContent = language;
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "button button-quiet button-small";
  copy.textContent = t("copyCode");
  copy.addEventListener("click", async () => {
    const copied = await copyText(code.textContent);
    if (!copied) getSelection().selectAllChildren(code);
    toast(t(copied ? "copied" : "copyRefused"));
  });
  bar.append(name, copy);
  return bar;
}

async function colour(code, language) {
  library ??= import("highlight.js");
  const { default: highlighter } = await library;
  if (!highlighter.getLanguage(language)) return;
  const { value } = highlighter.highlight(code.textContent, { language, ignoreIllegals: true });
  code.replaceChildren(DOMPurify.sanitize(value, SPANS));
}

/** Dress the code blocks of `root`, once. */
export function highlightWithin(root) {
  for (const code of root.querySelectorAll("pre:not([data-dressed]) > code")) {
    const language = code.className.replace("language-", "");
    const frame = code.parentElement;
    frame.dataset.dressed = "";
    frame.tabIndex = 0;
    frame.before(header(code, language));
    if (language) colour(code, language);
  }
}
