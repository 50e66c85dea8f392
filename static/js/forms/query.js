/* What a form holds. */

/**
 * The fields of `form` as a query string; with `filled`, without the empty ones.
 *
 * @param {HTMLFormElement} form
 * @param {{ filled?: boolean }} [options]
 */
export function queryOf(form, { filled = false } = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value || !filled) query.append(name, String(value));
  }
  return query;
}
