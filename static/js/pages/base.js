/* What every page runs: menus, dialogs, toasts, and the shell around an instance. */
import "../shared/copy-text.js";
import "../shared/dialogs.js";
import { keepForms } from "../forms/kept-forms.js";
import { focusMessage } from "../shared/focus.js";
import { showLocalTimes } from "../shared/local-time.js";
import "../shared/pop-menu.js";
import "../shell/error-contacts.js";
import "../shell/shell.js";

focusMessage();
keepForms();
showLocalTimes(document);
