"""Create organisations and instances."""

from typing import TypeVar

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from instances import audit
from instances.models import Instance, Membership, Organisation, Sensitivity
from instances.tenancy import tenant
from people.models import User

SLUG_LENGTH = 60
# Concurrent creations with the same name compete for one slug.
_TRIES = 5

Named = TypeVar("Named", Organisation, Instance)


def create_organisation(*, name: str, slug: str = "") -> Organisation:
    """Create an organisation.

    Raises IntegrityError when ``slug`` is in use; a slug made from the name never is.
    """
    with transaction.atomic():
        organisation = _insert(Organisation(name=name, slug=slug))
        audit.record(audit.Action.ORGANISATION_CREATED, organisation=organisation)
    return organisation


def create_instance(
    *,
    organisation: Organisation,
    name: str,
    slug: str = "",
    description: str = "",
    language: str = "fr",
    administrator: User | None = None,
    kind: str = Instance.Kind.GROUP,
    purpose: str = "",
    sensitivity: str = Sensitivity.INTERNAL,
) -> Instance:
    """Create an instance, owned and administered by ``administrator`` when one is given.

    Raises IntegrityError when ``slug`` is in use; a slug made from the name never is.
    """
    with transaction.atomic():
        instance = _insert(
            Instance(
                organisation=organisation,
                name=name,
                slug=slug,
                description=description,
                language=language,
                owner=administrator,
                kind=kind,
                purpose=purpose,
                sensitivity=sensitivity,
            )
        )
        if administrator is not None:
            with tenant(instance):
                Membership.objects.create(
                    instance=instance, user=administrator, role=Membership.Role.ADMIN
                )
        audit.record(
            audit.Action.INSTANCE_CREATED,
            instance=instance,
            target=administrator or "",
            kind=kind,
        )
    return instance


def free_slug(model: type[Organisation] | type[Instance], name: str) -> str:
    """Return an unused slug of ``model``, made from a name in any script."""
    stem = slugify(name)[: SLUG_LENGTH - 5].strip("-") or model.__name__.lower()
    taken = set(model.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    number, slug = 1, stem
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug


def _insert(row: Named) -> Named:
    if row.slug:
        row.save(force_insert=True)
        return row
    for tries_left in reversed(range(_TRIES)):
        row.slug = free_slug(type(row), row.name)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
            return row
        except IntegrityError:
            taken = type(row)._default_manager.filter(slug=row.slug).exists()
            if not (taken and tries_left):
                raise
    raise AssertionError("the last try returns or raises")
