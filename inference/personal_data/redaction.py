"""Replaces personal data in a text by its kind."""

from collections.abc import Sequence

from inference.personal_data.findings import Finding


def redact(text: str, findings: Sequence[Finding]) -> str:
    """Return the text with "[telephone number]" in place of a number, in the active language."""
    pieces, done = [], 0
    for finding in sorted(findings):
        pieces += [text[done : finding.start], f"[{finding.label}]"]
        done = finding.end
    return "".join([*pieces, text[done:]])
