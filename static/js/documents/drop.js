/* Files dropped anywhere on the page. */
import { fromDrop } from "./files.js";

/** Show `veil`, if any, while files hover over the page; `onFound` is given what was dropped, and
 * where. */
export function onFilesDropped(veil, onFound) {
  // Entering a child fires before leaving its parent, so what counts is the difference.
  let depth = 0;
  const listen = (type, handler) => {
    window.addEventListener(type, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      handler(event);
      if (veil) veil.hidden = depth === 0;
    });
  };
  listen("dragenter", () => (depth += 1));
  listen("dragleave", () => (depth = Math.max(0, depth - 1)));
  listen("dragover", (event) => (event.dataTransfer.dropEffect = "copy"));
  listen("drop", async (event) => {
    depth = 0;
    const { target } = event;
    onFound(await fromDrop(event.dataTransfer), target);
  });
}
