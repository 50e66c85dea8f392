/* Pages that ask for a passkey or a security key. */
import "./base.js";
import "../accounts/passkey-form.js";
