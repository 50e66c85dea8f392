"""Organisations and instances: made, and taken apart with all that they hold."""

from collections.abc import Collection, Iterator
from typing import Any

from django.core.files.storage import Storage, default_storage
from django.db import connection, models, transaction
from django.utils.text import slugify
from psycopg import sql

from instances.models import Instance, InstanceOwnedModel, Membership, Organisation
from instances.tenancy import tenant

SLUG_LENGTH = 60


def create_organisation(*, name: str, slug: str = "") -> Organisation:
    """Create an organisation; without a slug, one is made from its name."""
    return Organisation.objects.create(name=name, slug=slug or free_slug(Organisation, name))


def create_instance(
    *,
    organisation: Organisation,
    name: str,
    slug: str = "",
    description: str = "",
    language: str = "fr",
    administrator: Any | None = None,
) -> Instance:
    """Create an instance, administered by ``administrator`` when one is given."""
    with transaction.atomic():
        instance = Instance.objects.create(
            organisation=organisation,
            name=name,
            slug=slug or free_slug(Instance, name),
            description=description,
            language=language,
        )
        if administrator is not None:
            with tenant(instance):
                Membership.objects.create(
                    instance=instance, user=administrator, role=Membership.Role.ADMIN
                )
    return instance


def free_slug(model: type[Organisation] | type[Instance], name: str) -> str:
    """A slug that no row of ``model`` bears, from a name in any script."""
    stem = slugify(name)[: SLUG_LENGTH - 5].strip("-") or model.__name__.lower()
    taken = set(model.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    number, slug = 1, stem
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug


def tenant_models(base: type[models.Model] = InstanceOwnedModel) -> Iterator[type[models.Model]]:
    """Every concrete model whose rows belong to an instance."""
    for model in base.__subclasses__():
        if not model._meta.abstract:
            yield model
        yield from tenant_models(model)


def contents_of(instance: Instance, kinds: Collection[str]) -> dict[str, int]:
    """How many rows of each kind the instance holds; a kind is a model's name in lower case."""
    models_by_kind = {model.__name__.lower(): model for model in tenant_models()}
    with tenant(instance):
        return {
            kind: models_by_kind[kind]._default_manager.filter(instance=instance).count()
            for kind in kinds
        }


def delete_instance(instance: Instance) -> None:
    """Delete the instance, every row it owns, and once that is certain its files.

    Rows go table by table, in any order (foreign keys are checked at commit): loading a hundred
    thousand passages to delete them one by one would take minutes.
    """
    instance_id = instance.pk
    with tenant(instance):
        with connection.cursor() as cursor:
            for model in tenant_models():
                table = sql.Identifier(model._meta.db_table)
                cursor.execute(
                    sql.SQL("DELETE FROM {} WHERE instance_id = %s").format(table), [instance_id]
                )
        instance.delete()
        transaction.on_commit(lambda: _delete_files(default_storage, str(instance_id)))


def _delete_files(storage: Storage, directory: str) -> None:
    """Delete a directory of the storage; an instance's files lie under its number."""
    try:
        directories, files = storage.listdir(directory)
    except FileNotFoundError:
        return
    for name in directories:
        _delete_files(storage, f"{directory}/{name}")
    for name in files:
        storage.delete(f"{directory}/{name}")
    storage.delete(directory)
