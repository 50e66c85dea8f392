/*
 * <dialog> without a script a page. Buttons with commandfor="id" open it (command="show-modal") and
 * close it (command="close") by themselves, except in browsers from before 2025; data-closes closes
 * the dialog around it.
 */

import { targetOf } from "./event-target.js";
import { keepFocus } from "./focus.js";

document.addEventListener("click", (event) => {
  const invoker = targetOf(event, "[commandfor]");
  if (invoker && !("command" in HTMLButtonElement.prototype)) {
    /** @type {HTMLDialogElement} */
    const dialog = document.getElementById(invoker.getAttribute("commandfor"));
    if (invoker.getAttribute("command") === "close") dialog.close();
    else dialog.showModal();
    return;
  }
  const closer = targetOf(event, "[data-closes]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog")?.close();
    return;
  }
  // A click on the backdrop lands on the dialog itself, outside its box.
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect();
    const inside =
      event.clientX >= box.left &&
      event.clientX <= box.right &&
      event.clientY >= box.top &&
      event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
});

// What opened the dialog may be gone, or hidden with the side bar, whose button is then next.
document.addEventListener(
  "close",
  () => {
    const menu = document.querySelector(".topbar [popovertarget=sidebar]");
    keepFocus(menu?.checkVisibility() ? menu : null);
  },
  true,
);
