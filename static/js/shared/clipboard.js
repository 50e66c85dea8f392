/* What goes to the clipboard, also where the browser refuses scripts the clipboard (plain HTTP). */

/**
 * Copy `plain`, and `html` beside it for programs that keep formats; returns whether it worked.
 *
 * @param {string} plain
 * @param {string} [html]
 */
export async function copy(plain, html = "") {
  const kinds = { "text/plain": plain, ...(html && { "text/html": html }) };
  try {
    const blobs = Object.entries(kinds).map(([type, text]) => [type, new Blob([text], { type })]);
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(blobs))]);
    return true;
  } catch {
    return copyAsCommand(kinds);
  }
}

/** The older way, which fills the event of the browser's own command. */
function copyAsCommand(kinds) {
  let copied = false;
  const fill = (/** @type {ClipboardEvent} */ event) => {
    for (const [type, text] of Object.entries(kinds)) event.clipboardData.setData(type, text);
    event.preventDefault();
    copied = true;
  };
  document.addEventListener("copy", fill, { once: true });
  document.execCommand("copy");
  document.removeEventListener("copy", fill);
  return copied;
}
