/*
 * A box that ticks all the others: <input type="checkbox" data-tick-all="NAME" hidden>, of the boxes
 * with that name; [data-selected="… {n}"] says how many are ticked.
 */

/** @type {HTMLInputElement | null} */
const all = document.querySelector("[data-tick-all]");
/** @type {NodeListOf<HTMLInputElement>} */
const boxes = document.querySelectorAll(`input[type=checkbox][name="${all?.dataset.tickAll}"]`);
const text = document.querySelector("[data-selected]");

function count() {
  const n = [...boxes].filter((box) => box.checked).length;
  all.checked = n > 0 && n === boxes.length;
  all.indeterminate = n > 0 && n < boxes.length;
  text.textContent = text.dataset.selected.replace("{n}", String(n));
}

if (all && text) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  document.addEventListener("change", count);
  document.addEventListener("reset", () => setTimeout(count));
  count();
}
