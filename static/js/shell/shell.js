/* The side bar's state, the search shortcut, and the scripts of the shell's own elements. */
import { targetOf } from "../shared/event-target.js";
import "./conversation-list.js";
import "./search-everything.js";

const shell = document.querySelector(".shell");
const YEAR_S = 31536000;

function toggleSidebar() {
  const state = shell.dataset.sidebar === "open" ? "collapsed" : "open";
  shell.dataset.sidebar = state;
  // A cookie, so that the server draws the next page in the right shape at once.
  document.cookie = `sidebar=${state}; path=/; max-age=${YEAR_S}; samesite=lax`;
  const visible = [...shell.querySelectorAll("[data-sidebar-toggle]")].find((b) => b.offsetParent);
  visible?.focus();
}

document.addEventListener("click", (event) => {
  if (targetOf(event, "[data-sidebar-toggle]")) toggleSidebar();
});

document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "k") return;
  /** @type {HTMLDialogElement} */
  const dialog = document.getElementById("search-dialog");
  if (!dialog) return;
  event.preventDefault();
  if (!dialog.open) dialog.showModal();
});

if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const key of document.querySelectorAll("[data-shortcut]")) {
    key.textContent = `⌘ ${key.dataset.shortcut}`;
  }
}

// Where tabs scroll sideways, the one that is shown is in sight.
for (const tab of document.querySelectorAll(".tabs [aria-current=page]")) {
  const tabs = tab.parentElement;
  tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
}
