/*
 * Links whose text comes from a model or a document: a reader always sees the host they lead to.
 *
 * The host stands behind the text unless the text is exactly that host or address, in letters that
 * cannot be mistaken: no other host before or around it, no user name, no letter that only looks
 * like a Latin one, nothing invisible.
 */

// Printable ASCII and Latin letters: what reads from left to right, and is what it looks like.
const PLAIN = /^[\x21-\x7e\p{Script=Latin}]+$/u;
// Characters that change the order of the text around them, and some that take no room. The word
// joiner U+2060 stays outside links: an escaped bracket contains it, so that it is no citation.
const MISLEADING = /[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2061-\u2069\ufeff]/g;

/** Take from the texts of `root` the characters that hide or reverse others. */
export function removeMisleadingCharacters(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    const visible = node.data.replace(MISLEADING, "");
    if (visible !== node.data) node.data = visible;
  }
}

/** Show behind each link of `root` where it leads; a link that leads nowhere becomes its text. */
export function showWhereLinksGo(root) {
  for (const link of root.querySelectorAll("a")) {
    const url = destination(link.getAttribute("href"));
    if (!url) {
      link.replaceWith(...link.childNodes);
      continue;
    }
    link.href = link.title = url.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    keepTogether(link);
    const place = url.protocol === "mailto:" ? url.pathname : url.host;
    if (!isExact(link.textContent, url, place)) link.append(note(place));
  }
}

/** The URL without what only misleads: a user name before the host, more recipients of a mail. */
export function destination(href) {
  if (!URL.canParse(href)) return null;
  const url = new URL(href);
  if (url.protocol === "mailto:") url.search = "";
  else url.username = url.password = "";
  return url.protocol === "mailto:" || url.host ? url : null;
}

/** Let no empty space in the text push the host out of sight, and nothing invisible stay in it. */
function keepTogether(link) {
  for (const pause of link.querySelectorAll("br")) pause.replaceWith(" ");
  const walker = document.createTreeWalker(link, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    node.data = node.data.replace(/\u2060/g, "").replace(/[\s\u2800\u3164]+/g, " ");
  }
}

/** Whether the text of a link to `url` is no more than its host (`place`) or its address. */
export function isExact(text, url, place) {
  if (!PLAIN.test(text)) return false;
  if (text === place) return true;
  const written = text.startsWith(`${url.protocol}//`) ? text : `${url.protocol}//${text}`;
  return (
    written.startsWith(url.origin) && URL.canParse(written) && new URL(written).href === url.href
  );
}

function note(place) {
  const site = document.createElement("span");
  site.className = "link-site";
  // Its own direction, whatever the text before it does.
  site.dir = "ltr";
  site.textContent = ` (${place})`;
  return site;
}
