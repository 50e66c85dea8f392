"""The status of answers, and what each request cost: ``UsageRecord`` (decision 025)."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from instances.models import ApiKey, InstanceOwnedModel, Organisation


class AnswerStatus(models.TextChoices):
    """The status of an answer, in the conversation."""

    STREAMING = "streaming", _("Being written")
    COMPLETE = "complete", _("Complete")
    # No passage was relevant, so no model was called.
    NOTHING_FOUND = "nothing_found", _("Nothing found")
    STOPPED = "stopped", _("Stopped")
    FAILED = "failed", _("Interrupted")


class UsageRecord(InstanceOwnedModel):
    """What one request cost: tokens, times, energy, carbon, water and money; no content.

    A question of a reader is one row of the kind ``answer``, and one row each for its rewriting,
    embedding, reranking and check by a model where these took place, so that sums over rows count
    everything once.
    The rows of one question have the same ``request_id``.
    """

    class Kind(models.TextChoices):
        ANSWER = "answer", _("Answer")
        REWRITING = "rewriting", _("Rewriting of a question")
        # Of a question, with the search for its passages; of texts, for clients of the API.
        EMBEDDING = "embedding", _("Search for passages")
        RERANK = "rerank", _("Reranking")
        # Of sentences of an answer and what they cite, by a model of entailment.
        ENTAILMENT = "entailment", _("Check of sentences by a model")
        # An attempt at a document: parsing, and the embedding of its passages.
        INGESTION = "ingestion", _("Indexing of a document")
        # Texts embedded by a server that is not our model server, of whatever request.
        VECTORS = "vectors", _("Embedding by another server")
        # Speech of a recording, written down; ``audio_seconds`` says how much.
        TRANSCRIPTION = "transcription", _("Transcription of a recording")
        # The answer to a golden question.
        EVALUATION = "evaluation", _("Golden questions")

    class Outcome(models.TextChoices):
        """How the request ended; of answers, the value of ``AnswerStatus``."""

        COMPLETE = "complete", _("Complete")
        NOTHING_FOUND = "nothing_found", _("Nothing found")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Interrupted")
        # An earlier answer was shown again.
        CACHED = "cached", _("Reused")

    class Method(models.TextChoices):
        """How energy was determined. Figures of different methods are not comparable."""

        MEASURED = "measured", _("measured at the servers")
        CALIBRATED = "calibrated", _("from the model's measured energy per token")
        MODELLED = "modelled", _("modelled with EcoLogits")
        LOCAL = "local", _("from processor time")
        # Nothing is known of the server: ``energy_wh`` is 0 without meaning it.
        UNKNOWN = "unknown", _("not known")

    class Step(models.TextChoices):
        """The place of an answer where first answers are frugal (decision 031)."""

        FIRST = "first", _("First answer")
        ON_DEMAND = "on_demand", _("Written on demand")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # The answer (of a conversation or of the API), or the attempt at a document. Not a foreign key,
    # as the record is kept when a conversation or a document is deleted.
    request_id = models.UUIDField()
    kind = models.CharField(max_length=15, choices=Kind, default=Kind.ANSWER)
    outcome = models.CharField(max_length=15, choices=Outcome)
    # With the model of the other step: of a first answer, the one that writes on demand.
    frugal_step = models.CharField(max_length=10, choices=Step, blank=True)
    other_model = models.CharField(max_length=200, blank=True)
    # Whether extracts answered, without a language model.
    is_extractive = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    # Who pays: the organisation and cost centre of the instance at that time.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    cost_centre = models.CharField(max_length=60, blank=True)
    # Who pays for the inference, if not they: the person's organisation (decision 037).
    charged_organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    charged_cost_centre = models.CharField(max_length=60, blank=True, default="", db_default="")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # ``User.pseudonym``, which is erased with the account: afterwards it still tells people apart,
    # but not who they were. None for an API key that belongs to no person.
    pseudonym = models.UUIDField(null=True)
    # What the person's institution had released at the last login (``usage.occupations``).
    affiliation = models.CharField(max_length=30, blank=True)
    trade = models.CharField(max_length=10, blank=True)
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.SET_NULL, related_name="+")

    # What worked. Not a foreign key: backends may be deleted, records are kept.
    model = models.CharField(max_length=200, blank=True)
    backend_id = models.BigIntegerField(null=True)
    backend_name = models.CharField(max_length=200, blank=True)
    # The organisation whose machines worked; None: this deployment's.
    serving_organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )

    # ``prompt_tokens`` includes ``cached_tokens``, ``completion_tokens`` includes
    # ``reasoning_tokens``; None: the server does not report them.
    prompt_tokens = models.PositiveIntegerField(default=0)
    cached_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(default=0)
    reasoning_tokens = models.PositiveIntegerField(null=True)
    tokens_estimated = models.BooleanField(default=False)
    # Of the ingestion of a document; ``passages`` also of texts embedded for clients of the API.
    pages = models.PositiveIntegerField(default=0)
    passages = models.PositiveIntegerField(default=0)
    # Length of the recording of which a transcription was made.
    audio_seconds = models.FloatField(default=0.0)

    # Of an answer: its sentences that were checked against the passages, those that none supports,
    # and those whose citations were moved. An answer that is given again has none.
    checked_sentences = models.PositiveSmallIntegerField(default=0)
    unsupported_sentences = models.PositiveSmallIntegerField(default=0)
    moved_citations = models.PositiveSmallIntegerField(default=0)

    # Time waited for a turn at the model; included in ``first_token_ms`` and ``total_ms``.
    queue_ms = models.PositiveIntegerField(default=0)
    retrieval_ms = models.PositiveIntegerField(default=0)
    first_token_ms = models.PositiveIntegerField(null=True)
    total_ms = models.PositiveIntegerField(default=0)
    # Processor time of our own machines, without waiting (``chat.answers.result.AnswerResult``).
    cpu_seconds = models.FloatField(default=0.0)

    # Energy of the data centre in Wh (with PUE), and the ends of its range.
    energy_wh = models.FloatField(default=0.0)
    energy_min_wh = models.FloatField(default=0.0)
    energy_max_wh = models.FloatField(default=0.0)
    # Parts of ``energy_wh``: reading the prompt, writing the answer, and the share of the time in
    # which a measured server was on without work. None: not known separately.
    prefill_wh = models.FloatField(null=True)
    decode_wh = models.FloatField(null=True)
    idle_wh = models.FloatField(null=True)
    # Of an answer that was reused: the energy of the answer that was not written again.
    avoided_wh = models.FloatField(default=0.0)
    method = models.CharField(max_length=20, choices=Method)
    method_version = models.CharField(max_length=120)

    # Greenhouse gases in grams of CO2 equivalent, of use and of manufacture, and the intensity of
    # electricity from which the first was computed.
    gco2e_usage = models.FloatField(default=0.0)
    gco2e_embodied = models.FloatField(default=0.0)
    carbon_g_per_kwh = models.FloatField(default=0.0)
    carbon_source = models.CharField(max_length=120, blank=True)
    # None: not known.
    water_l = models.FloatField(null=True)
    adpe_kg_sb = models.FloatField(null=True)

    # What the backend itself says of the request, by a method of its own: beside the figures above,
    # never added up or compared with them. None: it says nothing. The cost is in its own unit.
    backend_energy_wh = models.FloatField(null=True)
    backend_gco2e = models.FloatField(null=True)
    backend_cost = models.FloatField(null=True)

    # Price of the inference; None: the model has no price.
    cost = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    currency = models.CharField(max_length=3, blank=True)

    # Dewey division of the question (three digits), "" when it is not classified, and the margin of
    # the classification.
    subject = models.CharField(max_length=3, blank=True)
    subject_margin = models.FloatField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["instance", "-created_at"]),
            # The months of the site and of organisations; small, as rows are added in this order.
            BrinIndex(fields=["created_at"], name="usage_by_time"),
        ]
        constraints = [
            # A request that is recorded again, after a crash or by two processes, counts once.
            models.UniqueConstraint(fields=["request_id", "kind"], name="one_record_per_request"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.model} {self.created_at:%Y-%m-%d %H:%M}"
