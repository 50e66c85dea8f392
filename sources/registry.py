"""The kinds of sources: those of this package, and those of installed packages."""

import logging
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import entry_points

from sources.errors import UnknownKind
from sources.interface import SourceKind
from sources.kinds.feed import FeedKind
from sources.kinds.hal import HalKind
from sources.kinds.imap.kind import ImapKind
from sources.kinds.moodle import MoodleKind
from sources.kinds.oai import OaiKind
from sources.kinds.s3 import S3Kind
from sources.kinds.web.kind import WebKind
from sources.kinds.webdav import WebdavKind
from sources.kinds.zotero import ZoteroKind

logger = logging.getLogger(__name__)

ENTRY_POINTS = "ragapp.sources"
_BUILT_IN: tuple[SourceKind, ...] = (
    WebKind(),
    FeedKind(),
    OaiKind(),
    HalKind(),
    WebdavKind(),
    S3Kind(),
    ZoteroKind(),
    MoodleKind(),
    ImapKind(),
)


@lru_cache(maxsize=1)
def kinds() -> Mapping[str, SourceKind]:
    """Return all kinds by name. One that cannot be loaded is logged and left out."""
    found: dict[str, SourceKind] = {kind.name: kind for kind in _BUILT_IN}
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            kind: SourceKind = entry.load()()
        except Exception:
            logger.exception("the kind of source %s cannot be loaded", entry.value)
            continue
        found.setdefault(kind.name, kind)
    return found


def kind_of(name: str) -> SourceKind:
    """Return a kind by its name. Raises UnknownKind."""
    try:
        return kinds()[name]
    except KeyError as error:
        raise UnknownKind(name) from error
