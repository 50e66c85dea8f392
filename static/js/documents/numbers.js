/* Strings that depend on a number: "key.one" and "key.other". */
import { language, t } from "../shared/strings.js";

const rules = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);
const percentages = new Intl.NumberFormat(language, { style: "percent" });

/** The string under `key` for `n`, which also stands for {n}. */
export function counted(key, n, values = {}) {
  const category = rules.select(n) === "one" ? "one" : "other";
  return t(`${key}.${category}`, { n: numbers.format(n), ...values });
}

/** A number as the reader writes it. */
export function formatted(n) {
  return numbers.format(n);
}

/** A whole number of hundredths as the reader writes it: "45%", « 45 % ». */
export function percentage(hundredths) {
  return percentages.format(hundredths / 100);
}
