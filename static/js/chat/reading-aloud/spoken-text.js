/* An answer as it is read aloud: its sentences, and their language. */
import { plainText } from "../answers/plain-text.js";

// Browsers end longer utterances in the middle.
const LONGEST = 200;
// The most frequent words, which hardly any other of these languages has.
const FREQUENT = {
  fr: /\b(?:les?|des|est|une?|du|pour|dans|sont|par|aux?|sur|cette?|avec)\b/giu,
  en: /\b(?:the|of|and|is|to|are|for|this|with|that|be|by)\b/giu,
  de: /\b(?:der|die|das|und|ist|nicht|ein|eine|von|mit|den|wird)\b/giu,
  es: /\b(?:el|los|las|es|una|por|con|del|para|como|son)\b/giu,
  it: /\b(?:il|gli|di|che|della|per|sono|con|nel|una)\b/giu,
};

/** The words of an answer, without marks of citations, code and buttons. */
export function spokenText(content) {
  const copy = /** @type {HTMLElement} */ (content.cloneNode(true));
  for (const silent of copy.querySelectorAll(
    ".cite, .doubt, .doubt-note, .code-bar, pre, button",
  )) {
    silent.remove();
  }
  return plainText(copy);
}

/** The language of a text, by its most frequent words; `fallback` when none of them occurs. */
export function languageOf(text, fallback) {
  const counts = Object.entries(FREQUENT).map(([language, words]) => ({
    language,
    n: text.match(words)?.length ?? 0,
  }));
  const best = counts.reduce((one, other) => (other.n > one.n ? other : one));
  return best.n ? best.language : fallback;
}

/** A text in parts that are read one after the other: sentences, longer ones between words. */
export function spokenParts(text, language) {
  const sentences = new Intl.Segmenter(language, { granularity: "sentence" }).segment(text);
  const parts = [];
  for (const { segment } of sentences) {
    let rest = segment.trim();
    while (rest.length > LONGEST) {
      const space = rest.lastIndexOf(" ", LONGEST);
      const end = space > 0 ? space : LONGEST;
      parts.push(rest.slice(0, end));
      rest = rest.slice(end).trim();
    }
    if (rest) parts.push(rest);
  }
  return parts;
}
