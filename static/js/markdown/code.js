/* Code blocks: a bar above each, and colours that come only when there is code. */
import DOMPurify from "dompurify";

const SPANS = { ALLOWED_TAGS: ["span"], ALLOWED_ATTR: ["class"], RETURN_DOM_FRAGMENT: true };

let library = null;

async function colour(code, language) {
  library ??= import("highlight.js");
  const { default: highlighter } = await library;
  if (!highlighter.getLanguage(language)) return;
  const { value } = highlighter.highlight(code.textContent, { language, ignoreIllegals: true });
  code.replaceChildren(DOMPurify.sanitize(value, SPANS));
}

/** Dress the code blocks of `root`, once; `barOf(code, language)` is what stands above one. */
export function highlightWithin(root, barOf) {
  for (const code of root.querySelectorAll("pre:not([data-dressed]) > code")) {
    const language = code.className.replace("language-", "");
    const frame = code.parentElement;
    frame.dataset.dressed = "";
    frame.tabIndex = 0;
    frame.before(barOf(code, language));
    if (language) colour(code, language);
  }
}
