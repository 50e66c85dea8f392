/* What a screen reader hears of an answer that streams in: whole sentences, politely. */

const SENTENCE = /[^.!?…\n]+(?:[.!?…]+(?=\s)|\n)/g;
// How extracts write a bracket that is no citation (``chat.answers.quoting.markdown``).
const BRACKET = "&#91;&#8288;";
// A character that Markdown escapes is said; marks and citations are not.
const MARKDOWN = /\\([!-/:-@[-`{-~])|&#91;&#8288;|[*_`#>|~]|\[\d+\]/g;

/** Say `text` once. */
export function announce(text) {
  const region = document.getElementById("announcer");
  const line = document.createElement("p");
  line.textContent = text;
  region.append(line);
  while (region.childElementCount > 20) region.firstElementChild.remove();
}

function sentencesOf(text) {
  return text.match(SENTENCE) ?? [];
}

function plain(markdown) {
  return markdown.replace(MARKDOWN, (mark, escaped = "") => (mark === BRACKET ? "[" : escaped));
}

/** The sentences that `after` has completed since `before`, without their Markdown. */
export function plainSentences(before, after) {
  const said = sentencesOf(before).length;
  return sentencesOf(after)
    .slice(said)
    .map((sentence) => plain(sentence).trim())
    .filter(Boolean);
}

/** Say the sentences that `after` has completed since `before`. */
export function announceSentences(before, after) {
  for (const sentence of plainSentences(before, after)) announce(sentence);
}
