/* The focus never falls to the page's body, where keyboard and screen reader start over. */

/** Focus `place`, or the page's main part, if nothing that is shown has the focus. */
export function keepFocus(place) {
  const focused = document.activeElement;
  if (focused && focused !== document.body && focused.checkVisibility()) return;
  (place ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

/** Focus what an action led to: the message that says what was done, or the first wrong field. */
export function focusMessage() {
  /** @type {NodeListOf<HTMLElement>} */
  const places = document.querySelectorAll("[data-message], main [aria-invalid=true]");
  const place = [...places].find((one) => one.checkVisibility());
  if (place) keepFocus(place);
}
