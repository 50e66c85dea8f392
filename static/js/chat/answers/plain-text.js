/*
 * The text of an answer without marks of Markdown, as one writes it in a mail: lists with dashes, rows
 * of tables with tabulators, addresses of links in brackets.
 */

const BLOCKS = "p, ul, ol, pre, blockquote, table, hr, h1, h2, h3, h4, h5, h6, div";

/** The plain text of `root`; its blocks are parted by empty lines. */
export function plainText(root) {
  return blocksOf(root).join("\n\n");
}

/** The text of each block in `element`; what stands between blocks is one, too. */
function blocksOf(element) {
  const found = [];
  let line = "";
  const end = () => {
    if (line.trim()) found.push(tidied(line));
    line = "";
  };
  for (const node of element.childNodes) {
    if (node instanceof Element && node.matches(BLOCKS)) {
      end();
      found.push(...block(/** @type {HTMLElement} */ (node)));
    } else line += inline(node);
  }
  end();
  return found;
}

/** @returns {string[]} */
function block(element) {
  // What the model wrote, until it is drawn.
  if (element.matches(".prose-raw")) return [element.textContent];
  switch (element.localName) {
    case "ul":
    case "ol":
      return [list(element)];
    case "table":
      return [[...element.querySelectorAll("tr")].map(row).join("\n")];
    case "pre":
      return [element.textContent.replace(/\n$/, "")];
    case "blockquote":
      return [plainText(element).replace(/^/gm, "> ").replace(/^> $/gm, ">")];
    case "hr":
      return ["---"];
    default:
      return blocksOf(element);
  }
}

/** The items of a list, a line each; longer ones and lists in them are indented. */
function list(element) {
  const first = Number(element.getAttribute("start") ?? 1);
  const items = [...element.children].map((item, place) => {
    const mark = element.localName === "ol" ? `${first + place}. ` : "- ";
    const box = /^[☑☐] /.exec(item.textContent.trim());
    const text = blocksOf(item).join("\n");
    return (box ? "" : mark) + text.replaceAll("\n", `\n${" ".repeat(mark.length)}`);
  });
  return items.join("\n");
}

function row(element) {
  return [...element.cells].map((cell) => tidied(inline(cell)).replaceAll("\n", " ")).join("\t");
}

function inline(node) {
  if (node instanceof Text) return node.data.replace(/[ \n]+/g, " ");
  if (!(node instanceof Element)) return "";
  if (node.localName === "br") return "\n";
  if (node.localName === "a") return link(node);
  return [...node.childNodes].map(inline).join("");
}

/** The text of a link, and its address in place of the host that is shown behind it. */
function link(element) {
  const { href } = element;
  const text = [...element.childNodes]
    .filter((node) => !(node instanceof Element && node.matches(".link-site")))
    .map(inline)
    .join("");
  const place = href.replace(/^mailto:/, "");
  return [text, `${text}/`].some((one) => place === one || place.endsWith(`://${one}`))
    ? text
    : `${text} (${place})`;
}

function tidied(text) {
  return text.replace(/ *\n */g, "\n").trim();
}
