"""The list of documents as a test sees it, and the files that it sends."""

from pathlib import Path

from playwright.sync_api import Page

from ingestion.models import Document
from instances.tenancy import tenant

LIST = "/i/law/documents/"
# Playwright cannot drop files: dispatch the same event, with the same files.
DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, text] of Object.entries(files)) transfer.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, {dataTransfer: transfer, bubbles: true, cancelable: true});
    document.querySelector("main").dispatchEvent(event);
  }
}"""
# On a conversation's page: the half of the veil that adds to the instance's documents.
DROP_ON_DOCUMENTS = DROP.replace('"main"', '"[data-to-documents]"')


def files(folder: Path, number: int) -> list[Path]:
    paths = [folder / f"note-{n}.txt" for n in range(number)]
    for path in paths:
        path.write_text(f"Compte rendu de la séance, pièce {path.stem}.", encoding="utf-8")
    return paths


def choose(page: Page, paths: list[Path]) -> None:
    page.locator('[data-input="files"]').set_input_files(paths)


def names(instance) -> set[str]:
    with tenant(instance):
        return set(Document.objects.for_instance(instance).values_list("name", flat=True))


def rows(page: Page):
    return page.locator("[data-rows] tr")


def count(page: Page, state: str):
    return page.locator(f'[data-count="{state}"]')
