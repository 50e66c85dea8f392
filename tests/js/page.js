/* The little of a page that modules read when they are loaded: its language and its strings. */

const STRINGS = {
  gramsCarbon: "g CO₂e",
  milligramsCarbon: "mg CO₂e",
  method: "Energy and carbon:",
  firstWord: "First word after",
  search: "Search in the documents:",
  tokens: "Tokens: {read} read, {written} written",
  tokensEstimated: "Tokens, estimated: {read} read, {written} written",
  tooLarge: "Larger than {limit}",
  empty: "Empty",
  notConfirmed: "not confirmed: {reason}",
  unreadable: "Not a document",
  "selected.one": "{n} document",
  "selected.other": "{n} documents",
};

globalThis.document = {
  documentElement: { lang: "en" },
  getElementById: (id) => (id === "strings" ? { textContent: JSON.stringify(STRINGS) } : null),
};
