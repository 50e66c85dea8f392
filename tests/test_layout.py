"""The layout of the code: size of modules and folders, import circles, module names."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, groupby
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
PRODUCT = [package for package in PACKAGES if package != "tests"]

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 60
MAX_MODULES_IN_FOLDER = 15
MAX_TEMPLATE_LINE = 120

# Names that Django, Celery or this project's conventions give to a module in any package.
CONVENTIONAL_NAMES = {"admin", "api", "apps", "errors", "models", "tasks", "urls", "views"}
# Folders whose modules share a stem on purpose: `views/members.py` and `forms/members.py`.
ROLE_FOLDERS = {"admin", "commands", "forms", "formats", "models", "templatetags", "views"}

# Parameters and fields that hold people or memberships.
PEOPLE_NAMES = {
    *("account", "actor", "administrator", "by", "controller", "created_by", "member"),
    *("operator", "owner", "people", "person", "user", "users"),
}


def modules(*packages: str) -> Iterator[Path]:
    """The Python files of these packages, without migrations."""
    for package in packages:
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_modules_are_short():
    too_long = {
        relative(path)
        for package in [*PACKAGES, "bench"]
        for path in modules(package)
        if len(path.read_text().splitlines()) > MAX_MODULE_LINES
    }
    assert too_long == set()


def test_functions_are_short():
    too_long = [
        f"{relative(path)}: {node.name}"
        for path in modules(*PRODUCT)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert too_long == []


def test_people_are_typed():
    """``people.models.User``, with ``AnonymousUser`` where a visitor may be anonymous."""
    untyped = [
        f"{relative(path)}:{node.lineno}"
        for path in modules(*PRODUCT)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.arg | ast.AnnAssign)
        and (node.arg if isinstance(node, ast.arg) else ast.unparse(node.target)) in PEOPLE_NAMES
        and node.annotation is not None
        and {"Any", "object"} & {getattr(part, "id", "") for part in ast.walk(node.annotation)}
    ]
    assert untyped == []


def test_folders_hold_few_modules():
    counts: defaultdict[str, int] = defaultdict(int)
    for path in [*modules(*PACKAGES), *modules("bench")]:
        counts[relative(path.parent)] += path.name != "__init__.py"
    too_large = {folder for folder, count in counts.items() if count > MAX_MODULES_IN_FOLDER}
    assert too_large == set()


def test_scripts_and_style_sheets_are_short_and_in_small_folders():
    counts: defaultdict[str, int] = defaultdict(int)
    for pattern in ("static/js/**/*.js", "static/css/**/*.css", "tests/js/**/*.js"):
        for path in ROOT.glob(pattern):
            counts[relative(path.parent)] += 1
            assert len(path.read_text().splitlines()) <= MAX_MODULE_LINES, path
    assert {folder for folder, count in counts.items() if count > MAX_MODULES_IN_FOLDER} == set()


def test_template_lines_are_short():
    too_long = [
        f"{relative(path)}:{number}"
        for path in ROOT.glob("templates/**/*.html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > MAX_TEMPLATE_LINE
    ]
    assert too_long == []


def imports_by_parent() -> dict[str, dict[str, set[str]]]:
    """Who imports whom among the children of each package ("" holds the packages themselves).

    An import of ``chat.answers.events`` by ``chat.views.answers`` is, for the parent ``chat``, one
    of ``chat.answers`` by ``chat.views``. Imports inside functions and for type checking count.
    """
    graph = grimp.build_graph(*PRODUCT, cache_dir=None)
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            names = [importer.split("."), imported.split(".")]
            if "migrations" in importer or importer.startswith(f"{imported}."):
                continue
            common = next((i for i, (a, b) in enumerate(zip(*names, strict=False)) if a != b), None)
            if common is not None:
                child, other = (".".join(name[: common + 1]) for name in names)
                found[".".join(names[0][:common])][child].add(other)
    return found


IMPORTS = imports_by_parent()


@pytest.mark.parametrize("parent", sorted(IMPORTS), ids=lambda parent: parent or "packages")
def test_imports_form_no_circle(parent):
    try:
        TopologicalSorter(IMPORTS[parent]).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_module_names_repeat_only_in_separate_packages():
    """Sub-packages (``pdf/parser.py``, ``docx/parser.py``) and role folders may repeat one.

    A package and its own sub-package may not: ``logout.py`` beside ``saml/logout.py``.
    """
    paths = sorted(modules(*PRODUCT), key=lambda path: (path.relative_to(ROOT).parts[0], path.stem))
    repeated = {
        ".".join(key)
        for key, group in groupby(
            (
                path
                for path in paths
                if path.stem not in CONVENTIONAL_NAMES and path.stem[:2] != "__"
            ),
            key=lambda path: (path.relative_to(ROOT).parts[0], path.stem),
        )
        for one, other in combinations([path.parent for path in group], 2)
        if not ROLE_FOLDERS & {*relative(one).split("/"), *relative(other).split("/")}
        and (one in other.parents or other in one.parents)
    }
    assert repeated == set()
