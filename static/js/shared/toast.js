/*
 * A short confirmation at the top of the page, read out politely, gone after four seconds; with a
 * button after twelve, which do not pass while it has the pointer or the focus.
 */
import { keepFocus } from "./focus.js";

const SHOWN_MS = 4000;
const SHOWN_WITH_BUTTON_MS = 12_000;
let hiding = 0;

/**
 * Show `text` in place of the toast before it. What a button does must be possible elsewhere, too.
 *
 * @param {string} text
 * @param {{ label: string, act: () => void }} [button]
 */
export function toast(text, button) {
  const item = document.createElement("p");
  item.className = "toast";
  item.textContent = text;
  const hideLater = () => {
    clearTimeout(hiding);
    hiding = setTimeout(() => item.remove(), button ? SHOWN_WITH_BUTTON_MS : SHOWN_MS);
  };
  if (button) {
    item.append(buttonOf(button, item));
    for (const name of ["pointerenter", "focusin"]) {
      item.addEventListener(name, () => clearTimeout(hiding));
    }
    for (const name of ["pointerleave", "focusout"]) item.addEventListener(name, hideLater);
  }
  document.getElementById("toasts").replaceChildren(item);
  hideLater();
}

function buttonOf({ label, act }, item) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "toast-button";
  button.textContent = label;
  button.addEventListener("click", () => {
    item.remove();
    keepFocus();
    act();
  });
  return button;
}
