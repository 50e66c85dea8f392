"""The languages that OCR reads, and where their files are."""

from dataclasses import dataclass
from pathlib import Path

# To change when the same page gives other words.
_VERSION = 2


@dataclass(frozen=True, slots=True)
class OcrData:
    """``languages`` are names of files in ``folder`` without ``.traineddata``, the first one being
    that of most pages."""

    folder: Path
    languages: tuple[str, ...]

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self.folder / f"{language}.traineddata" for language in self.languages)

    @property
    def is_complete(self) -> bool:
        """Whether there are languages, and the file of each."""
        return bool(self.languages) and all(path.is_file() for path in self.paths)

    @property
    def method(self) -> str:
        """What read a page, short: another method reads it again."""
        return f"tesseract {'+'.join(self.languages)} {_VERSION}"[:100]
