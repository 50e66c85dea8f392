/*
 * The question that is being written, kept in this tab until it is sent: it survives leaving the
 * page, and logging in again.
 */

export class Draft {
  /** `key` names the person and the conversation. */
  constructor(key) {
    this.key = `draft ${key}`;
  }

  get text() {
    return sessionStorage.getItem(this.key) ?? "";
  }

  set text(text) {
    if (text) sessionStorage.setItem(this.key, text);
    else sessionStorage.removeItem(this.key);
  }
}
