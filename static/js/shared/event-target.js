/* Where an event happened, for listeners on an ancestor. */

/**
 * The target of `event`, or its nearest ancestor, that matches `selector`; null without one.
 *
 * @template {HTMLElement} [E=HTMLElement]
 * @param {Event} event
 * @param {string} selector
 * @returns {E | null}
 */
export function targetOf(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null;
}
