/*
Security keys and passkeys (WebAuthn): <passkey-form> lets the browser's key fill the hidden
`credential` of its form before the form is sent. Without it the form is of no use, so it says so.
*/
import { getJSON, RequestError } from "../shared/http.js";

function toBytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function toText(buffer) {
  const characters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte));
  const base64 = btoa(characters.join(""));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const withBytes = (credentials = []) =>
  credentials.map((credential) => ({ ...credential, id: toBytes(credential.id) }));

async function create({ publicKey }, isPasskey) {
  const selection = { ...publicKey.authenticatorSelection };
  selection.residentKey = isPasskey ? "required" : "discouraged";
  selection.requireResidentKey = isPasskey;
  if (isPasskey) selection.userVerification = "required";
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      authenticatorSelection: selection,
      challenge: toBytes(publicKey.challenge),
      user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
      excludeCredentials: withBytes(publicKey.excludeCredentials),
    },
  });
}

async function get({ publicKey }) {
  return navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      allowCredentials: withBytes(publicKey.allowCredentials),
    },
  });
}

/** The credential as the server reads it: RegistrationResponseJSON, AuthenticationResponseJSON. */
function asJSON(credential) {
  const { response } = credential;
  const parts = [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ];
  const encoded = parts
    .filter((part) => response[part])
    .map((part) => [part, toText(response[part])]);
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...Object.fromEntries(encoded), transports: response.getTransports?.() ?? [] },
  };
}

class PasskeyForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.message = this.querySelector("[data-message]");
    if (!window.PublicKeyCredential) {
      this.form.querySelector("button").disabled = true;
      this.say(this.dataset.unsupported);
      return;
    }
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
  }

  async ask() {
    this.say("");
    try {
      this.field("credential").value = JSON.stringify(asJSON(await this.credential()));
    } catch (error) {
      if (error instanceof RequestError) {
        this.say(error.message || this.dataset.unreachable);
        return;
      }
      // Cancelled, timed out, or no such key: which of them, the browser does not tell.
      this.say(this.dataset.failed);
      return;
    }
    this.form.submit();
  }

  async credential() {
    const options = await this.options();
    if (this.dataset.ceremony === "get") return get(options.request_options);
    return create(options.creation_options, Boolean(this.field("passwordless")?.checked));
  }

  /**
   * @param {string} name
   * @returns {HTMLInputElement | null}
   */
  field(name) {
    return this.form.querySelector(`input[name="${name}"]`);
  }

  async options() {
    const kept = this.querySelector('script[type="application/json"]');
    return kept ? JSON.parse(kept.textContent) : getJSON(this.dataset.optionsUrl);
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }
}

customElements.define("passkey-form", PasskeyForm);
