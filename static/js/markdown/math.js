/*
 * Mathematics in Markdown: $…$, $$…$$, \(…\) and \[…\]. KaTeX comes only when a formula does; until
 * then its source shows. KaTeX draws into elements, never through a string of HTML, because styles
 * in a string are refused by the content-security policy.
 */

const BLOCK = /^(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])(?:\s*(?:\n|$))/;
// "5 $ et 6 $" is money: no space inside the dollars, no digit after them.
const INLINE =
  /^(?:\$\$([^$\n]+?)\$\$|\$((?:\\.|[^$\\\n])*?[^\s$\\])\$(?![\d\w])|\\\((.+?)\\\)|\\\[(.+?)\\\])/;
const OPTIONS = {
  throwOnError: false,
  trust: false,
  strict: "ignore",
  maxExpand: 200,
  maxSize: 20,
};

let katex = null;
let loading = null;

/**
 * Extensions for marked that turn formulas into <code class="math-…">.
 *
 * @param {(text: string) => string} escapeHtml
 * @returns {import("marked").TokenizerAndRendererExtension[]}
 */
export function mathExtensions(escapeHtml) {
  /** @param {import("marked").Tokens.Generic} token */
  const renderer = ({ type, tex }) => `<code class="${type}">${escapeHtml(tex)}</code>`;
  return [
    {
      name: "math-block",
      level: "block",
      start: (source) => source.match(/\$\$|\\\[/)?.index,
      tokenizer: (source) => token("math-block", BLOCK, source),
      renderer,
    },
    {
      name: "math-inline",
      level: "inline",
      start: (source) => source.match(/\$|\\[([]/)?.index,
      tokenizer: (source) => {
        if (/^\$\s/.test(source)) return undefined;
        return token("math-inline", INLINE, source);
      },
      renderer,
    },
  ];
}

function token(type, pattern, source) {
  const match = pattern.exec(source);
  if (!match) return undefined;
  return { type, raw: match[0], tex: match.slice(1).find(Boolean).trim() };
}

async function load() {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = import.meta.resolve("katex.css");
  document.head.append(sheet);
  // The small build is no module: it leaves its name in the window.
  await import("katex");
  katex = window.katex;
}

/** Draw the formulas of `root`, at once when KaTeX is here, else as soon as it is. */
export function renderMathWithin(root) {
  const formulas = root.querySelectorAll("code[class^='math-']");
  if (!formulas.length) return;
  if (!katex) {
    loading ??= load();
    loading.then(() => renderMathWithin(root));
    return;
  }
  for (const source of formulas) {
    const displayMode = source.className === "math-block";
    const drawn = document.createElement(displayMode ? "div" : "span");
    drawn.className = `drawn-${source.className}`;
    katex.render(source.textContent, drawn, { ...OPTIONS, displayMode });
    source.replaceWith(drawn);
  }
}
