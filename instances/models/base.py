"""The base of every tenant table."""

from typing import Self

from django.db import models

from instances.models.organisations import Instance


class InstanceQuerySet(models.QuerySet):
    """Reads of tenant rows name their instance."""

    def for_instance(self, instance: Instance | int) -> Self:
        return self.filter(instance=instance)


class InstanceOwnedModel(models.Model):
    """A row that belongs to one instance, and that PostgreSQL shows to no other."""

    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+")

    objects = InstanceQuerySet.as_manager()

    class Meta:
        abstract = True
