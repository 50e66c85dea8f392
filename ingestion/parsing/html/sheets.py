"""Style sheets as rules (CSS Syntax Level 3): those that count on a wide screen, in order."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

Declarations = Mapping[str, str]

_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|<!--|-->", re.S)
_DECLARATION = re.compile(r"\s*([\w-]+)\s*:\s*([^;]+)", re.I)
_BRACE = re.compile("[{}]")
_IMPORTANT = "!important"
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")
_MAX_SUBSTITUTIONS = 10
# Blocks of rules that count wherever their conditions hold, and conditions that do not on a wide
# screen in light colours.
_GROUPS = ("@media", "@supports", "@layer", "@container")
_ELSEWHERE = re.compile(
    r"\b(?:not|print|speech|max-width|max-device-width|max-height|dark|portrait|active|reduce)\b"
    r"|hover\s*:\s*none|width\s*<"
)
_MAX_DEPTH = 10
MAX_STYLE_CHARS = 500_000


def style_rules(styles: str) -> Iterator[tuple[str, Declarations]]:
    """Yield (selectors, declarations) of each rule that counts."""
    yield from _rules(_COMMENT.sub("", styles[:MAX_STYLE_CHARS]), 0)


@lru_cache(maxsize=1024)
def declarations(text: str) -> Declarations:
    """Return the declarations of a style, in lower case; "!important" stays with its value."""
    found: dict[str, str] = {}
    for name, value in _DECLARATION.findall(text.lower()):
        merge(found, {name: " ".join(value.split())})
    return found


def value_of(declared: Declarations, name: str) -> str:
    """Return the value of a property, "" if it has none."""
    return declared.get(name, "").removesuffix(_IMPORTANT).strip()


def merge(below: dict[str, str], above: Declarations) -> None:
    """Put declarations over others, in place: those marked as important stay."""
    for name, value in above.items():
        if value.endswith(_IMPORTANT) or not below.get(name, "").endswith(_IMPORTANT):
            below[name] = value


def with_variables(declared: Declarations, variables: Mapping[str, str]) -> Declarations:
    """Return declarations with the values of variables ("var(--ground, white)") in their place."""
    if not any("var(" in value for value in declared.values()):
        return declared

    def valued(match: re.Match[str]) -> str:
        return variables.get(match.group(1), match.group(2) or "").strip()

    found: dict[str, str] = {}
    for name, value in declared.items():
        for _ in range(_MAX_SUBSTITUTIONS):
            if "var(" not in value:
                break
            value = _VARIABLE.sub(valued, value)
        found[name] = value
    return found


def _rules(styles: str, nesting: int) -> Iterator[tuple[str, Declarations]]:
    depth, start, selectors = 0, 0, ""
    for match in _BRACE.finditer(styles):
        if match.group() == "{":
            if depth == 0:
                selectors = styles[start : match.start()].rpartition(";")[2].strip()
                start = match.end()
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                block = styles[start : match.start()]
                if not selectors.startswith("@"):
                    yield selectors, declarations(block)
                elif nesting < _MAX_DEPTH and _counts(selectors.lower()):
                    yield from _rules(block, nesting + 1)
                start = match.end()


def _counts(condition: str) -> bool:
    """Tell whether the rules in a block such as "@media screen" count."""
    if not condition.startswith(_GROUPS):
        return False
    return any(not _ELSEWHERE.search(query) for query in condition.split(","))
