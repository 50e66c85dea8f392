/* Rows of documents brought up to date in place: ticks stay, and the focus is not lost. */

const RUNNING = new Set(["queued", "parsing", "embedding"]);

/**
 * Make `body` show the documents `ids`, in order, with the new rows of `rows` (HTML by id).
 *
 * Returns the names of those that became ready or failed, or null when a row is missing.
 */
export function patchRows(body, ids, rows) {
  const shown = new Map([...body.rows].map((row) => [row.dataset.id, row]));
  if (!ids.length || ids.some((id) => !shown.has(id) && !rows[id])) return null;
  const ended = { ready: [], failed: [] };
  const wanted = ids.map((id) => {
    const before = shown.get(id);
    if (!rows[id]) return before;
    const fresh = parseRow(rows[id]);
    if (!before) return fresh;
    const { status, name } = fresh.dataset;
    if (RUNNING.has(before.dataset.status) && status in ended) ended[status].push(name);
    if (before.dataset.version !== fresh.dataset.version) patchRow(before, fresh);
    return before;
  });
  arrange(body, wanted);
  return ended;
}

/** Replace the cells that changed; a focus inside moves to the document's name. */
function patchRow(row, fresh) {
  for (const cell of fresh.querySelectorAll("[data-cell]")) {
    if (cell.dataset.cell === "tick") continue;
    const before = row.querySelector(`[data-cell="${cell.dataset.cell}"]`);
    if (!before || before.innerHTML === cell.innerHTML) continue;
    const progress = cell.querySelector("progress");
    if (progress && moveOn(before, progress)) continue;
    const hadFocus = before.contains(document.activeElement);
    before.replaceChildren(...cell.childNodes);
    if (hadFocus) row.querySelector("[data-open]").focus({ preventScroll: true });
  }
  Object.assign(row.dataset, fresh.dataset);
}

/** Only the number of passages changed: the bar advances, and the button beside it stays. */
function moveOn(before, progress) {
  const bar = before.querySelector("progress");
  const label = progress.previousElementSibling;
  if (!bar || !label) return false;
  bar.previousElementSibling.textContent = label.textContent;
  bar.max = progress.max;
  bar.value = progress.value;
  return true;
}

/** @returns {HTMLTableRowElement} */
function parseRow(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.querySelector("tr");
}

/** Focus the document that took the place of row `place`, or the last one. */
export function focusRow(body, place) {
  const row = body.rows[Math.min(place, body.rows.length - 1)];
  row?.querySelector("[data-open]").focus({ preventScroll: true });
}

function arrange(body, wanted) {
  const kept = new Set(wanted);
  const rows = [...body.rows];
  const focused = rows.findIndex((row) => row.contains(document.activeElement));
  for (const row of rows) if (!kept.has(row)) row.remove();
  wanted.forEach((row, position) => {
    if (body.rows[position] !== row) body.insertBefore(row, body.rows[position] ?? null);
  });
  if (focused >= 0 && !kept.has(rows[focused])) focusRow(body, focused);
}
