/*
 * <pop-menu> wraps a button with popovertarget and its <div popover class="menu">: places the menu
 * by the button, and moves between its items with the arrow keys. Without this script the menu
 * still opens, as any popover does.
 */

import { targetOf } from "./event-target.js";

const GAP = 4;
const MAX_HEIGHT = 480;
const ROOMY = 400;

function place(button, menu) {
  const anchor = button.getBoundingClientRect();
  const width = menu.offsetWidth;
  const above = anchor.top - GAP;
  const below = window.innerHeight - anchor.bottom - GAP;
  // Hung from the side with room, so that a menu whose content arrives later grows away from it.
  const downwards = below >= ROOMY || below >= above;
  menu.style.top = downwards ? `${anchor.bottom + GAP}px` : "auto";
  menu.style.bottom = downwards ? "auto" : `${window.innerHeight - above}px`;
  menu.style.maxHeight = `${Math.min(MAX_HEIGHT, (downwards ? below : above) - GAP)}px`;
  const startsAtLeft = anchor.left + width <= window.innerWidth - GAP;
  menu.style.left = `${startsAtLeft ? anchor.left : Math.max(GAP, anchor.right - width)}px`;
}

class PopMenu extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("[popovertarget]");
    this.menu = this.querySelector("[popover]");
    if (!this.button || !this.menu) return;
    this.button.setAttribute("aria-expanded", "false");
    this.menu.addEventListener("toggle", (event) => this.toggled(event.newState === "open"));
    this.menu.addEventListener("keydown", (event) => this.moved(event));
    this.menu.addEventListener("click", (event) => {
      if (targetOf(event, "button, a")) this.menu.hidePopover();
    });
  }

  items() {
    return [
      ...this.menu.querySelectorAll("a[href], button:not(:disabled), input:not([type=hidden])"),
    ];
  }

  toggled(open) {
    this.button.setAttribute("aria-expanded", String(open));
    if (!open) return;
    place(this.button, this.menu);
    this.items()[0]?.focus({ preventScroll: true });
  }

  moved(event) {
    const items = this.items();
    const now = items.indexOf(document.activeElement);
    const typing = event.target.matches("input[type=search]");
    const ends = typing ? {} : { Home: 0, End: items.length - 1 };
    const next = { ArrowDown: now + 1, ArrowUp: now - 1, ...ends }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    items.at(next % items.length)?.focus();
  }
}

customElements.define("pop-menu", PopMenu);
