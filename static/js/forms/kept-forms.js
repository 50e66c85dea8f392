/*
 * What was typed in forms, kept in this tab until the server has taken it: a lost session or network
 * loses nothing. Only changed fields of forms with typed text, for one person and one address. Never
 * passwords, keys, codes, confirmations, files or hidden fields (`isKept`). That the server took a form
 * is told by the cookie of `ragapp.middleware.kept_forms`.
 */

const COOKIE = "kept_form";
const PREFIX = "form ";
const TEXT =
  "textarea, input:is([type=text], [type=email], [type=url], [type=number], [type=tel], :not([type]))";
const NEVER = /pass|secret|token|key|code|credential|confirm|csrf/i;
const NEVER_TYPES = new Set(["password", "hidden", "file", "submit", "button", "image", "reset"]);
const OWN_DRAFTS = "[data-draft], chat-app, .danger-zone, [autocomplete=off]";

/** @type {HTMLMetaElement | null} */
const meta = document.querySelector('meta[name="account"]');
const person = meta?.content ?? "";
const address = location.pathname + location.search;
/** @type {WeakMap<HTMLFormElement, string>} */
const keys = new WeakMap();

/** Whether a field's value may be stored. */
export function isKept(field) {
  if (!field.name || NEVER.test(field.name) || NEVER_TYPES.has(field.type)) return false;
  const autocomplete = field.getAttribute("autocomplete") ?? "on";
  if (/password|one-time-code|^cc-/.test(autocomplete)) return false;
  return autocomplete !== "off" || "kept" in field.dataset;
}

/** @param {HTMLFormElement | null} form */
function hasText(form) {
  if (form?.method !== "post" || form.closest(OWN_DRAFTS)) return false;
  return [...form.elements].some((field) => field.matches(TEXT) && isKept(field));
}

/** @param {HTMLFormElement} form */
function keyOf(form) {
  if (!keys.has(form)) {
    const action = form.getAttribute("action") ?? "";
    const alike = [...document.forms].filter(
      (one) => (one.getAttribute("action") ?? "") === action,
    );
    keys.set(form, `${PREFIX}${person} ${address} ${action} ${alike.indexOf(form)}`);
  }
  return keys.get(form);
}

const fieldsOf = (form) => [...form.elements].filter((field) => "value" in field && isKept(field));

/** What a field holds: text, whether it is ticked, or the chosen values. */
function stateOf(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked;
  if (field instanceof HTMLSelectElement)
    return [...field.selectedOptions].map((one) => one.value).join("\n");
  return field.value;
}

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio")
    return field.checked !== field.defaultChecked;
  if (field instanceof HTMLSelectElement) {
    const given = [...field.options].filter((one) => one.defaultSelected).map((one) => one.value);
    return (
      stateOf(field) !==
      (given.length || field.multiple ? given.join("\n") : (field.options[0]?.value ?? ""))
    );
  }
  return field.value !== field.defaultValue;
}

/** A field among others of its name: boxes and radio buttons differ by their value. */
const nameOf = (field) =>
  field.type === "checkbox" || field.type === "radio" ? `${field.name}=${field.value}` : field.name;

function setState(field, state) {
  if (typeof state === "boolean") field.checked = state;
  else if (field instanceof HTMLSelectElement) {
    const chosen = state.split("\n");
    for (const option of field.options) option.selected = chosen.includes(option.value);
  } else field.value = state;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** @param {HTMLFormElement} form @param {string} [sent] */
function keep(form, sent = "") {
  const changed = fieldsOf(form).filter(isChanged);
  if (!changed.length) return sessionStorage.removeItem(keyOf(form));
  const fields = Object.fromEntries(changed.map((field) => [nameOf(field), stateOf(field)]));
  try {
    sessionStorage.setItem(keyOf(form), JSON.stringify({ sent, fields }));
  } catch {
    // The tab's store is full: the form works as without it.
  }
}

/** @param {HTMLFormElement} form */
function restore(form) {
  const kept = JSON.parse(sessionStorage.getItem(keyOf(form)) ?? "null");
  if (!kept) return;
  let restored = false;
  for (const field of fieldsOf(form)) {
    const state = kept.fields[nameOf(field)];
    if (state === undefined || state === stateOf(field)) continue;
    setState(field, state);
    restored = true;
  }
  /** @type {HTMLTemplateElement} */
  const template = document.querySelector("#restored-form");
  if (!restored || !template) return;
  form.before(template.content.cloneNode(true));
  const line = /** @type {HTMLElement} */ (form.previousElementSibling);
  line.querySelector("button").addEventListener("click", () => {
    form.reset();
    sessionStorage.removeItem(keyOf(form));
    line.remove();
    fieldsOf(form)[0]?.focus();
  });
}

const storedKeys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));

/** Forget the form that the server has taken; not the one that it showed again with errors. */
function forgetTaken() {
  const found = new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)\\.(\\w+)`).exec(document.cookie);
  if (!found) return;
  const [, token, answer] = found;
  for (const key of storedKeys()) {
    if (JSON.parse(sessionStorage.getItem(key)).sent !== token) continue;
    const refused = answer === "page" && document.querySelector("[aria-invalid=true]");
    if (!refused) sessionStorage.removeItem(key);
  }
  document.cookie = `${COOKIE}=; path=/; max-age=0`;
}

/** Keep what is typed from now on, and restore what was. Without a person, only what is stored stays. */
export function keepForms() {
  if (!person) return;
  for (const key of storedKeys()) {
    if (!key.startsWith(`${PREFIX}${person} `)) sessionStorage.removeItem(key);
  }
  forgetTaken();
  for (const form of document.forms) if (hasText(form)) restore(form);
  for (const type of ["input", "change"]) {
    document.addEventListener(type, (event) => {
      const { form } = /** @type {HTMLInputElement} */ (event.target);
      if (hasText(form)) keep(form);
    });
  }
  document.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (/\/logout\/$/.test(form.action))
      for (const key of storedKeys()) sessionStorage.removeItem(key);
    if (event.defaultPrevented || !hasText(form)) return;
    const token = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
    keep(form, token);
    let field = /** @type {HTMLInputElement} */ (form.querySelector(`[name=${COOKIE}]`));
    if (!field) {
      field = Object.assign(document.createElement("input"), { type: "hidden", name: COOKIE });
      form.append(field);
    }
    field.value = token;
  });
}
