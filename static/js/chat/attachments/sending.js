/* Sends one file to a conversation, and says how far it is. */
import { csrfToken, RequestError } from "../../shared/http.js";

/**
 * POST a file; the listing of the conversation's files. Raises RequestError; an abort is status -1.
 *
 * @param {{ url: string, file: File, conversation: string, temporary: boolean, signal: AbortSignal,
 *   onProgress: (share: number) => void }} options
 * @returns {Promise<any>}
 */
export function sendFile({ url, file, conversation, temporary, signal, onProgress }) {
  const body = new FormData();
  body.append("file", file, file.name);
  body.append("conversation", conversation);
  if (temporary) body.append("temporary", "true");
  // fetch() does not tell how much it has sent.
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.responseType = "json";
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.setRequestHeader("Accept", "application/json");
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve, reject) => {
    const fail = (status, error = {}) =>
      reject(new RequestError(status, error.code ?? "", error.message ?? ""));
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onload = () => {
      const { status, response } = request;
      if (status === 201) resolve(response);
      // What scripts ask for redirects only whoever is not logged in.
      else if (status === 200) fail(401);
      else fail(status, response?.error);
    };
    request.onerror = () => fail(0);
    request.onabort = () => fail(-1);
    request.send(body);
  });
}
