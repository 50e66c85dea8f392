/* One file on its way to the server, over as many connections as it takes. */
import { csrfToken } from "../shared/http.js";
import { t } from "../shared/strings.js";

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 1000;
const STALLED_MS = 60_000;
const TRANSIENT = new Set([0, 408, 429, 500, 502, 503, 504]);

/** A file that was not taken, with the code of the error; `again`: sent once more it may be. */
export class TransferError extends Error {
  constructor(message, { again, status = 0, code = "" }) {
    super(message);
    this.again = again;
    this.status = status;
    this.code = code;
  }
}

/**
 * Send `upload`: a file to `url` with its folder, sensitivity, password and the document that it replaces;
 * resolves with what the server says of the document.
 *
 * `onProgress(sentBytes, state)` is told "sending", "checking" or "waiting". Rejects with a
 * TransferError, or with the signal's reason when it is aborted.
 */
export async function transfer(upload) {
  const { file, signal, onProgress } = upload;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(upload);
    if (answer.document) return answer.document;
    const error = errorOf(answer);
    if (!TRANSIENT.has(answer.status) || attempt === ATTEMPTS) throw error;
    if (answer.status === 0 && !(await readable(file))) {
      throw new TransferError(t("gone"), { again: false });
    }
    onProgress(0, "waiting");
    await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1), signal);
    await online(signal);
  }
}

function send({ url, file, signal, onProgress, ...fields }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watch;
    const alive = () => {
      clearTimeout(watch);
      watch = setTimeout(() => request.abort(), STALLED_MS);
    };
    const stop = () => {
      reject(signal.reason);
      request.abort();
    };
    request.onloadend = () => {
      clearTimeout(watch);
      signal.removeEventListener("abort", stop);
      resolve(outcome(request));
    };
    request.upload.onprogress = (event) => {
      alive();
      onProgress(Math.min(event.loaded, file.size), "sending");
    };
    request.upload.onload = () => {
      alive();
      onProgress(file.size, "checking");
    };
    signal.throwIfAborted();
    signal.addEventListener("abort", stop, { once: true });
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", file, file.name);
    alive();
    request.send(form);
  });
}

function outcome(request) {
  const { status } = request;
  let body = null;
  try {
    body = JSON.parse(request.responseText);
  } catch {
    // A page in place of JSON: a sign-in form, or what a proxy says.
  }
  return { status, document: status < 300 && body?.id ? body : null, error: body?.error };
}

function errorOf({ status, error }) {
  const again = TRANSIENT.has(status);
  if (error?.message) return new TransferError(error.message, { again, status, code: error.code });
  if (status === 0) return new TransferError(t("network"), { again, status });
  if (status < 400 || status === 403)
    return new TransferError(t("signedOut"), { again: true, status });
  return new TransferError(t("refused"), { again: true, status });
}

async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function pause(ms, signal) {
  return until((done) => setTimeout(done, ms), signal);
}

function online(signal) {
  if (navigator.onLine) return Promise.resolve();
  return until((done) => window.addEventListener("online", done, { once: true }), signal);
}

function until(start, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    start(resolve);
  });
}
