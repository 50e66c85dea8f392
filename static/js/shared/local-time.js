/* Times in the reader's time zone; without a script they are those of the site. */

/** The date and the time of an ISO time, as the reader's browser writes them. */
export function localTime(iso) {
  const page = document.documentElement.lang;
  // The reader's own variety of the language of the page: 30/11/2026 in British English.
  const language = navigator.languages.find((one) => one.split("-")[0] === page) ?? page;
  const format = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });
  return format.format(new Date(iso));
}

/** Replace the times in `root` that are marked as such. */
export function showLocalTimes(root) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = root.querySelectorAll("time[data-local]");
  for (const time of times) time.textContent = localTime(time.dateTime);
}
