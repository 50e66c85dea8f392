/**
 * Move the focus among `stops` with the arrow keys, from the last to the first too.
 *
 * @param {KeyboardEvent} event
 * @param {HTMLElement[]} stops
 */
export function moveByArrows(event, stops) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const now = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  stops.at((now + step) % stops.length)?.focus();
}
