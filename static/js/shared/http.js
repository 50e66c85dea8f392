/* Requests to this site, with its CSRF token, and its errors as one kind of exception. */
import { localTime } from "./local-time.js";

/**
 * A refusal: `status` 0 means that the site was not reached, 401 that nobody is logged in; `details`
 * are the other fields of the error.
 */
export class RequestError extends Error {
  constructor(status, code, message, details = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/**
 * The token that the server expects with each POST: the cookie's, as whoever logs in again in another
 * tab is given a new one, or the page's, where scripts cannot read the cookie.
 */
export function csrfToken() {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  if (cookie) return cookie[1];
  /** @type {HTMLMetaElement} */
  const meta = document.querySelector('meta[name="csrf-token"]');
  return meta.content;
}

/** The message of an error, with the time of the site replaced by the reader's. */
function messageOf({ message = "", resets = "", resets_at: resetsAt = "" }) {
  return resetsAt ? message.replace(resets, localTime(resetsAt)) : message;
}

/**
 * Ask this site; raises RequestError.
 *
 * @param {string | Request} url
 * @param {RequestInit} [options]
 */
export async function send(url, options) {
  const response = await reached(fetch(url, options));
  // What scripts ask for redirects only whoever is not logged in, to the page to log in.
  if (response.redirected) {
    throw new RequestError(401, "logged_out", "");
  }
  if (!response.ok) {
    const { error = {} } = await response.json().catch(() => ({}));
    throw new RequestError(response.status, error.code ?? "", messageOf(error), error);
  }
  return response;
}

function post(url, data, accepted) {
  return send(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: accepted,
      "X-CSRFToken": csrfToken(),
    },
    body: JSON.stringify(data),
  });
}

/** What comes over the network; raises RequestError when it is lost on its way. */
async function reached(coming) {
  try {
    return await coming;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RequestError(0, "offline", "");
  }
}

/** POST `data` as JSON; the parsed answer, or null when there is none. */
export async function postJSON(url, data = {}) {
  const response = await post(url, data, "application/json");
  return response.status === 204 ? null : reached(response.json());
}

/** POST `data` as JSON; a response of JSON, or of server-sent events where the server has them. */
export function postForEvents(url, data) {
  return post(url, data, "text/event-stream, application/json");
}

/** Whether a response is of server-sent events. */
export function isEventStream(response) {
  return response.headers.get("Content-Type").startsWith("text/event-stream");
}

/** GET JSON. */
export async function getJSON(url, signal) {
  const response = await send(url, { headers: { Accept: "application/json" }, signal });
  return reached(response.json());
}

/** GET an HTML fragment rendered by the server. */
export async function getHTML(url, signal) {
  const response = await send(url, { headers: { Accept: "text/html" }, signal });
  return reached(response.text());
}
