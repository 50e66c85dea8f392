/* <dialog> without a script a page: data-opens="id" opens it, data-closes closes the one around. */

import { targetOf } from "./event-target.js";

document.addEventListener("click", (event) => {
  const opener = targetOf(event, "[data-opens]");
  if (opener) {
    /** @type {HTMLDialogElement} */
    const dialog = document.getElementById(opener.dataset.opens);
    dialog?.showModal();
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
