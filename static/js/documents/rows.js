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

function arrange(body, wanted) {
  const kept = new Set(wanted);
  for (const row of [...body.rows]) if (!kept.has(row)) row.remove();
  wanted.forEach((row, position) => {
    if (body.rows[position] !== row) body.insertBefore(row, body.rows[position] ?? null);
  });
}
