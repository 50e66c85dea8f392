/*
 * One file on its way to the server in pieces, by the tus protocol, over as many connections as it
 * takes. The addresses of large files are kept in the browser, so that they continue after a reload.
 */
import { csrfToken, getJSON } from "../../shared/http.js";
import { t } from "../../shared/strings.js";

// Smaller files go with their announcement, and from the beginning again when they were cut off.
const AT_ONCE_BYTES = 4 << 20;
// What a request sends at most: proxies may store it before they pass it on.
const REQUEST_BYTES = 64 << 20;
const RETRY_DELAYS_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
const STALLED_MS = 60_000;
const CHECKED_AGAIN_MS = 1000;
const TRANSIENT = new Set([0, 408, 409, 423, 429, 500, 502, 503, 504]);
const PASSWORD_CODES = new Set(["encrypted", "wrong_password"]);

/** Why a signal is aborted: what was sent is kept, or forgotten. */
export const PAUSED = "paused";
export const STOPPED = "stopped";

/**
 * A file that was not taken, with the code of the error; `again`: sent once more it may be; `address`:
 * where its bytes are.
 */
export class TransferError extends Error {
  constructor(message, { again, status = 0, code = "", address = "" }) {
    super(message);
    this.again = again;
    this.status = status;
    this.code = code;
    this.address = address;
  }
}

/** Nobody is logged in any more. */
export class SessionEnded extends Error {}

/**
 * Send `upload`: a file to `endpoint` with its folder, sensitivity and the document that it replaces;
 * resolves with what the server says of the document. With a `password`, and the `address` of the
 * bytes that were sent before, only the password is sent.
 *
 * `onProgress(sentBytes, state)` is told "sending", "checking" or "waiting". Rejects with a
 * TransferError, SessionEnded, or the signal's reason when it is aborted.
 */
export async function transfer(upload) {
  const { file, signal, onProgress, password, address } = upload;
  if (password && address) return documentOf(await sendPassword(address, password), address);
  if (!(await isReadable(file))) throw new TransferError(t("gone"), { again: false });
  const { Upload } = await import("tus-js-client");
  signal.throwIfAborted();
  const { url, answer } = await send(Upload, upload);
  onProgress(file.size, "checking");
  return documentOf(await outcome(url, answer, signal), url);
}

function send(Upload, upload) {
  const { file, endpoint, signal, onProgress } = upload;
  return new Promise((resolve, reject) => {
    const isLarge = file.size > AT_ONCE_BYTES;
    let watch;
    const alive = (sent) => {
      clearTimeout(watch);
      if (sent < file.size) watch = setTimeout(again, STALLED_MS);
    };
    const again = () => tus.abort().then(() => tus.start());
    const end = (settle, value) => {
      clearTimeout(watch);
      signal.removeEventListener("abort", stop);
      settle(value);
    };
    const stop = () => {
      tus.abort(signal.reason === STOPPED).catch(() => {});
      end(reject, signal.reason);
    };
    const tus = new Upload(file, {
      endpoint: new URL(endpoint, location.href).href,
      metadata: { filename: file.name, ...filled(upload), ...(upload.first && { priority: "1" }) },
      chunkSize: REQUEST_BYTES,
      uploadDataDuringCreation: !isLarge,
      retryDelays: RETRY_DELAYS_MS,
      storeFingerprintForResuming: isLarge,
      removeFingerprintOnSuccess: true,
      fingerprint: async () => fingerprint(upload),
      onBeforeRequest: (request) => {
        request.setHeader("X-CSRFToken", csrfToken());
        request.setHeader("Accept", "application/json");
      },
      // Before the library takes it for an upload that is gone, and begins another.
      onAfterResponse: (_request, response) => {
        const code = parsed(response.getBody())?.error?.code;
        if (["logged_out", "csrf"].includes(code)) throw new SessionEnded();
      },
      onShouldRetry: (error) => {
        if (isSessionEnd(error) || !TRANSIENT.has(statusOf(error))) return false;
        onProgress(0, "waiting");
        isReadable(file).then((is) => is || end(reject, goneError()));
        return true;
      },
      onProgress: (sent) => {
        alive(sent);
        onProgress(sent, sent < file.size ? "sending" : "checking");
      },
      onSuccess: ({ lastResponse }) =>
        end(resolve, { url: tus.url, answer: lastResponse.getBody() }),
      onError: (error) => end(reject, isSessionEnd(error) ? new SessionEnded() : errorOf(error)),
    });
    signal.addEventListener("abort", stop, { once: true });
    alive(0);
    if (isLarge) resume(tus).then(() => signal.aborted || tus.start(), reject);
    else tus.start();
  });
}

/** Continue where the file was left, if it was begun before. */
async function resume(tus) {
  const found = await tus.findPreviousUploads();
  if (found.length) tus.resumeFromPreviousUpload(found.at(-1));
}

function fingerprint(upload) {
  const { file, endpoint } = upload;
  const parts = [endpoint, ...Object.values(filled(upload)), file.name, file.size];
  return ["tus", ...parts, file.lastModified].join("|");
}

/** The fields that say something. */
function filled({ folder, sensitivity, replaces }) {
  const pairs = Object.entries({ folder, sensitivity, replaces });
  return Object.fromEntries(pairs.filter(([, value]) => value));
}

/** What the server says of a file that it has received; it may take a while to look at it. */
async function outcome(url, answer, signal) {
  let state = parsed(answer);
  while (!state?.outcome || state.outcome === "checking") {
    try {
      state = await getJSON(url, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error.status === 401) throw new SessionEnded();
      if (!TRANSIENT.has(error.status)) {
        throw new TransferError(error.message || t("refused"), { again: true });
      }
    }
    if (state?.outcome === "checking" || !state) await pause(CHECKED_AGAIN_MS, signal);
  }
  return state;
}

async function sendPassword(address, password) {
  const body = new FormData();
  body.append("password", password);
  const headers = { "X-CSRFToken": csrfToken(), Accept: "application/json" };
  const url = `${address}finish/`;
  const response = await fetch(url, { method: "POST", body, headers }).catch(() => null);
  if (response?.status === 401) throw new SessionEnded();
  const state = response && parsed(await response.text());
  if (state?.outcome) return state;
  throw new TransferError(state?.error?.message ?? t("network"), { again: true, address });
}

/** The document of an outcome; throws a TransferError if there is none. */
function documentOf({ outcome: end, name, url, error }, address) {
  if (end === "stored" || end === "duplicate") {
    return { created: end === "stored", title: name, url };
  }
  const code = error?.code ?? "";
  const again = !PASSWORD_CODES.has(code) && code === "internal";
  throw new TransferError(error?.message || t("refused"), { again, code, address });
}

function errorOf(error) {
  const status = statusOf(error);
  const again = TRANSIENT.has(status) || status === 507;
  const said = parsed(error.originalResponse?.getBody())?.error;
  if (said?.message) return new TransferError(said.message, { again, status, code: said.code });
  return new TransferError(t(status === 0 ? "network" : "refused"), { again: true, status });
}

function goneError() {
  return new TransferError(t("gone"), { again: false });
}

function statusOf(error) {
  return error.originalResponse?.getStatus() ?? 0;
}

function isSessionEnd(error) {
  return error instanceof SessionEnded || error.causingError instanceof SessionEnded;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    // No body, or a page of a proxy.
    return null;
  }
}

async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    setTimeout(resolve, ms);
  });
}
