/* Files chosen in the dialogs of the browser. */
import { targetOf } from "../shared/event-target.js";
import { fromInput } from "./files.js";

/**
 * Open the inputs in `root` by the buttons of the page; `onFound` is given what was chosen, and the
 * document that it replaces, if any.
 */
export function onFilesPicked(root, onFound) {
  let replaces = "";
  document.addEventListener("click", (event) => {
    const button = targetOf(event, "[data-pick]");
    if (!button) return;
    replaces = button.dataset.replaces ?? "";
    root.querySelector(`[data-input="${button.dataset.pick}"]`).click();
  });
  /** @type {NodeListOf<HTMLInputElement>} */
  const inputs = root.querySelectorAll("[data-input]");
  for (const input of inputs) {
    const take = () => {
      onFound(fromInput(input), replaces);
      input.value = "";
    };
    input.addEventListener("change", take);
    // Files may have been picked before this script was there.
    if (input.files.length) take();
  }
}
