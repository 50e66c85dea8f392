/* A short confirmation at the foot of the page, read out politely, gone after four seconds. */

const SHOWN_MS = 4000;

/** Show `text`; nothing that must be acted on belongs here. */
export function toast(text) {
  const item = document.createElement("p");
  item.className = "toast";
  item.textContent = text;
  document.getElementById("toasts").append(item);
  setTimeout(() => item.remove(), SHOWN_MS);
}
