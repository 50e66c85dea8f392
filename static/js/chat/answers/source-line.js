/* What readers are told of a source: its document, and its place in it, which the server words. */

/** Show the file name of the cited document in `line`, unless it stands for the title. */
export function showFile(line, { title, document: name }) {
  line.hidden = title === name;
  line.textContent = name;
}

/** A source on one line: "[1] Title (file.pdf), page 3". */
export function sourceLine({ number, title, document: name, place }) {
  const file = title === name ? "" : ` (${name})`;
  return `[${number}] ${title}${file}, ${place}`;
}
