/* The focus never falls to the page's body, where keyboard and screen reader start over. */

/** Focus `place`, or the page's main part, if nothing that is shown has the focus. */
export function keepFocus(place) {
  const focused = document.activeElement;
  if (focused && focused !== document.body && focused.checkVisibility()) return;
  (place ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

/** Focus the message that says what was done, on the page that an action led to. */
export function focusMessage() {
  const message = document.querySelector("[data-message]");
  if (message) keepFocus(message);
}
