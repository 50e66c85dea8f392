"""A person's folders of conversations in an instance.

A conversation is in one folder or in none. All functions run inside ``tenant(instance)``.
"""

from typing import Final

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404
from django.utils.translation import gettext as _

from chat.models import ConversationFolder
from instances.models import Membership

MAX_FOLDERS: Final = 100


class FolderRefused(Exception):
    """A folder cannot have this name, or there are too many; its text says what to do."""


def folders_of(membership: Membership) -> QuerySet[ConversationFolder]:
    """Return the person's folders by name, with the number of their ``listed`` conversations."""
    listed = Count("conversations", filter=Q(conversations__is_archived=False))
    return (
        ConversationFolder.objects.for_instance(membership.instance)
        .filter(user_id=membership.user_id)
        .annotate(listed=listed)
        .order_by(Lower("name"))
    )


def get_folder(membership: Membership, folder_id: int) -> ConversationFolder:
    """Return a folder of the person; raises Http404 for any other."""
    folder = folders_of(membership).filter(pk=folder_id).first()
    if folder is None:
        raise Http404
    return folder


def create_folder(membership: Membership, name: str) -> ConversationFolder:
    """Return a new folder; raises ``FolderRefused``."""
    own = folders_of(membership)
    if own.count() >= MAX_FOLDERS:
        text = _("You have %(n)s folders, the most that is possible. Delete one first.")
        raise FolderRefused(text % {"n": MAX_FOLDERS})
    _check_name(own, name)
    return ConversationFolder.objects.create(
        instance=membership.instance, user_id=membership.user_id, name=name
    )


def rename_folder(membership: Membership, folder: ConversationFolder, name: str) -> None:
    """Rename a folder; raises ``FolderRefused``."""
    _check_name(folders_of(membership).exclude(pk=folder.pk), name)
    folder.name = name
    folder.save(update_fields=["name"])


def _check_name(others: QuerySet[ConversationFolder], name: str) -> None:
    if others.filter(name__iexact=name).exists():
        raise FolderRefused(_("You already have a folder with this name. Choose another one."))
