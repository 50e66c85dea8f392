/* What stands above a code block: its language, and a button that copies it. */
import { copy } from "../../shared/clipboard.js";
import { t } from "../../shared/strings.js";
import { toast } from "../../shared/toast.js";

/**
 * @param {HTMLElement} code
 * @param {string} language
 */
export function codeBar(code, language) {
  const bar = document.createElement("div");
  bar.className = "code-bar";
  const name = document.createElement("span");
  name.textContent = language;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet button-small";
  button.textContent = t("copyCode");
  button.addEventListener("click", async () => {
    const copied = await copy(code.textContent);
    if (!copied) getSelection().selectAllChildren(code);
    toast(t(copied ? "copied" : "copyRefused"));
  });
  bar.append(name, button);
  return bar;
}
