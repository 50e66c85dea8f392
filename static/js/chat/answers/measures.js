/* Time, energy and carbon of an answer, in the reader's own numbers. */
import { language, t } from "../../shared/strings.js";

function amount(value, unit) {
  const number = new Intl.NumberFormat(language, { maximumSignificantDigits: 2 }).format(value);
  return `${number}\u00a0${unit}`;
}

function energy(wattHours) {
  if (wattHours >= 1000) return amount(wattHours / 1000, "kWh");
  if (wattHours >= 0.1 || wattHours === 0) return amount(wattHours, "Wh");
  return amount(wattHours * 1000, "mWh");
}

function carbon(grams) {
  if (grams >= 0.1 || grams === 0) return amount(grams, t("gramsCarbon"));
  return amount(grams * 1000, t("milligramsCarbon"));
}

function seconds(milliseconds) {
  if (milliseconds < 95) return amount(milliseconds, "ms");
  const digits = milliseconds < 9950 ? 1 : 0;
  const number = new Intl.NumberFormat(language, {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  }).format(milliseconds / 1000);
  return `${number}\u00a0s`;
}

/** The one line under an answer. */
export function summary(impact) {
  return [seconds(impact.total_ms), energy(impact.energy_wh), carbon(impact.gco2e)].join(" · ");
}

/** How the figures were made, a sentence a line. */
export function method(impact) {
  const whole = new Intl.NumberFormat(language);
  const lines = [`${t("method")} ${impact.method_label || impact.method}`];
  if (impact.first_token_ms != null) {
    lines.push(`${t("firstWord")} ${seconds(impact.first_token_ms)}`);
  }
  if (impact.retrieval_ms != null) lines.push(`${t("search")} ${seconds(impact.retrieval_ms)}`);
  if (impact.completion_tokens) {
    const counts = {
      read: whole.format(impact.prompt_tokens),
      written: whole.format(impact.completion_tokens),
    };
    lines.push(t(impact.estimated ? "tokensEstimated" : "tokens", counts));
  }
  return lines;
}
