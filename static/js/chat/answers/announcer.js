/* What a screen reader hears of an answer that streams in: whole sentences, politely. */

const SENTENCE = /[^.!?…\n]+(?:[.!?…]+(?=\s)|\n)/g;

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

/** Say the sentences that `after` has completed since `before`, without their Markdown. */
export function announceSentences(before, after) {
  const said = sentencesOf(before).length;
  for (const sentence of sentencesOf(after).slice(said)) {
    const plain = sentence.replace(/[*_`#>|~]|\[\d+\]/g, "").trim();
    if (plain) announce(plain);
  }
}
