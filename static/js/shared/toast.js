/* A short confirmation at the top of the page, read out politely, gone after four seconds. */

const SHOWN_MS = 4000;
let hiding = 0;

/** Show `text` in place of the toast before it; nothing that must be acted on belongs here. */
export function toast(text) {
  const item = document.createElement("p");
  item.className = "toast";
  item.textContent = text;
  document.getElementById("toasts").replaceChildren(item);
  clearTimeout(hiding);
  hiding = setTimeout(() => item.remove(), SHOWN_MS);
}
