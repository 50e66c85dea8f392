/* The page's translated strings, from <script type="application/json" id="strings">. */

const holder = document.getElementById("strings");
const strings = holder ? JSON.parse(holder.textContent) : {};

/** The string under `key`, with each {name} replaced by `values[name]`. */
export function t(key, values = {}) {
  const text = strings[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The reader's language, for Intl. */
export const language = document.documentElement.lang;
