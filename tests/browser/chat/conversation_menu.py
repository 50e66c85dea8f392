"""The menu of a conversation in the side bar."""

from playwright.sync_api import Locator, Page


def open_menu(page: Page, action: str) -> Locator:
    """Open the menu of the first conversation; returns an item of it."""
    item = page.locator(".conversation-item").first
    item.hover()
    item.locator(".conversation-more").click()
    return item.get_by_role("link", name=action)


def open_dialog(page: Page, action: str) -> Locator:
    """Open a dialog from the menu of the first conversation; returns it."""
    open_menu(page, action).click()
    return page.get_by_role("dialog")
