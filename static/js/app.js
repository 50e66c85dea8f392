/* What every page runs: menus, dialogs, toasts, and the shell around an instance. */
import "./dialogs.js";
import "./pop-menu.js";
import "./shell.js";
