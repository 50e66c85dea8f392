/* What stands under an answer: its sources, its measures, its versions. */

import { t } from "../../shared/strings.js";
import { showFile } from "./source-line.js";
import { withoutBars } from "./table-rows.js";

/** List the passages that the answer cites, and those that the model was not given. */
export function drawSources(answer, data) {
  const section = answer.querySelector("[data-sources]");
  const cited = data.citations.filter((one) => data.used.includes(one.number) || one.is_withheld);
  // Extracts name the document and the place under each quotation.
  section.hidden = !cited.length || data.model === "extractive";
  const list = section.querySelector("ol");
  const template = section.querySelector("template");
  list.replaceChildren(...cited.map((citation) => sourceItem(template, citation, data.quotes)));
}

function sourceItem(template, citation, quotes) {
  const item = template.content.cloneNode(true);
  const button = item.querySelector("button");
  button.dataset.citation = citation.number;
  item.querySelector("[data-number]").textContent = citation.number;
  item.querySelector("[data-document]").textContent = citation.title;
  showFile(item.querySelector("[data-file]"), citation);
  item.querySelector("[data-place]").textContent = citation.place;
  item.querySelector("[data-withheld]").hidden = !citation.is_withheld;
  item.querySelector("[data-quote]").textContent = withoutBars(
    quotes[citation.number] || citation.quote || citation.text,
  );
  return item;
}

/** Lead whoever may open documents to those that an answer without passages names. */
export function linkNearest(answer, data) {
  if (data.status !== "nothing_found" || !answer.dataset.documents) return;
  // The answer ends with a list of the first documents, each once, with the place of its passage.
  const documents = new Map(
    data.citations.map((one) => [one.document_id ?? one.document, one]),
  ).values();
  const lists = answer.querySelectorAll("[data-content] ul");
  for (const item of lists[lists.length - 1]?.querySelectorAll("li") ?? []) {
    const nearest = documents.next().value;
    if (!nearest?.document_id || item.querySelector("a")) continue;
    const link = document.createElement("a");
    link.href = `${answer.dataset.documents}${nearest.document_id}/`;
    link.textContent = item.textContent;
    item.replaceChildren(link);
  }
}

/** Show time, energy and carbon, and what they are made of on demand. */
export function drawMeasures(answer, impact) {
  const measures = answer.querySelector("[data-measures]");
  measures.hidden = !impact;
  if (!impact) return;
  measures.querySelector("[data-measures-line]").textContent = impact.summary;
  const rows = impact.details.map(([term, text]) => {
    const row = document.createElement("div");
    row.append(document.createElement("dt"), document.createElement("dd"));
    row.firstChild.textContent = term;
    row.lastChild.textContent = text;
    return row;
  });
  measures.querySelector("dl").replaceChildren(...rows);
}

/** Draw the versions, and let editors inspect the answer and keep its question. */
export function drawActions(turn, versions, shown) {
  drawVersions(turn, versions, shown);
  const evaluation = `${turn.dataset.base}evaluation`;
  const inspect = turn.querySelector("[data-inspect]");
  const keep = turn.querySelector("[data-keep]");
  if (inspect) {
    inspect.hidden = !shown;
    inspect.href = `${evaluation}/inspect/${shown}/`;
  }
  if (keep) {
    keep.hidden = !shown;
    keep.action = `${evaluation}/questions/keep/${shown}/`;
  }
}

/** Draw ‹ 2/3 › when there are versions; the arrows are forms, so they need no script to work. */
export function drawVersions(turn, versions, shown) {
  const switcher = turn.querySelector("[data-versions]");
  switcher.hidden = versions.length < 2;
  if (versions.length < 2) return;
  const place = versions.indexOf(shown);
  switcher.querySelector("[data-version]").textContent = `${place + 1}/${versions.length}`;
  switcher.querySelector("[data-version-label]").textContent = t("versionOf", {
    n: place + 1,
    total: versions.length,
  });
  for (const [step, name] of [
    [-1, "previous"],
    [1, "next"],
  ]) {
    const form = switcher.querySelector(`[data-${name}]`);
    const other = versions[place + step];
    form.querySelector("button").disabled = !other;
    if (other) form.action = `${turn.dataset.base}m/${other}/select/`;
  }
}
