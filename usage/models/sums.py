"""The columns that all sums of usage records have."""

from typing import Final

from django.db import models


class UsageSums(models.Model):
    """The sums of some usage records: of the same method, and in one currency."""

    # Of every kind.
    requests = models.BigIntegerField(default=0)
    # Those of the kind ``answer``; those for which nothing was found; their time.
    questions = models.BigIntegerField(default=0)
    unanswered = models.BigIntegerField(default=0)
    answer_ms = models.BigIntegerField(default=0)
    prompt_tokens = models.BigIntegerField(default=0)
    cached_tokens = models.BigIntegerField(default=0)
    completion_tokens = models.BigIntegerField(default=0)
    reasoning_tokens = models.BigIntegerField(default=0)
    checked_sentences = models.BigIntegerField(default=0)
    unsupported_sentences = models.BigIntegerField(default=0)
    moved_citations = models.BigIntegerField(default=0)
    audio_seconds = models.FloatField(default=0.0)
    cpu_seconds = models.FloatField(default=0.0)
    energy_wh = models.FloatField(default=0.0)
    energy_min_wh = models.FloatField(default=0.0)
    energy_max_wh = models.FloatField(default=0.0)
    avoided_wh = models.FloatField(default=0.0)
    gco2e_usage = models.FloatField(default=0.0)
    gco2e_embodied = models.FloatField(default=0.0)
    water_l = models.FloatField(default=0.0)
    adpe_kg_sb = models.FloatField(default=0.0)
    cost = models.DecimalField(max_digits=24, decimal_places=8, default=0)

    class Meta:
        abstract = True


SUM_COLUMNS: Final = tuple(field.name for field in UsageSums._meta.concrete_fields)
