/* Where in a document a passage stands, in words: "page 3", "pages 3–4", "diapositive 2". */
import { t } from "../../shared/strings.js";

/** The place of a citation: {unit, page_start, page_end, page_label}. */
export function placeOf({ unit, page_start: first, page_end: last, page_label: label }) {
  if (label && unit !== "page") return label;
  if (last > first) return t(`${unit}s`, { first, last });
  return t(unit, { number: label || first });
}
