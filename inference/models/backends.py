"""Backends of language models, the models that they serve, and the keys by which they are used.

These rows belong to the deployment or to an organisation, not to an instance. They are read through
``inference.catalogue`` and changed through ``inference.backends``.
"""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from inference.chat_options import Ability
from instances.models import Instance, Organisation, Sensitivity

MAX_QUEUE_TURNS = 100
# Ids that the product uses itself: extracts, and the default of an API client.
RESERVED_ALIASES = ("extractive", "default")


class Backend(models.Model):
    """A server of language models, of the deployment or of one organisation."""

    class Kind(models.TextChoices):
        VLLM = "vllm", "vLLM"
        OLLAMA = "ollama", "Ollama"
        LLAMA_CPP = "llama.cpp", "llama.cpp"
        OPENGATELLM = "opengatellm", "OpenGateLLM"
        ARISTOTE = "aristote", "aristote-dispatcher"
        OPENAI = "openai", _("Other, compatible with OpenAI")

    # None: of the deployment. Otherwise only the organisation's instances may use it.
    owner = models.ForeignKey(
        Organisation, null=True, on_delete=models.CASCADE, related_name="backends"
    )
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("software"), max_length=20, choices=Kind, default=Kind.OPENAI)
    # "": its servers are jobs of Slurm (``JobTemplate``), each with an address of its own.
    base_url = models.CharField(_("address"), max_length=500, blank=True)
    ca_certificates = models.TextField(_("certificate authority (PEM)"), blank=True)
    first_byte_timeout_s = models.PositiveIntegerField(
        _("longest wait for the first word (s)"),
        default=120,
        validators=[MinValueValidator(1), MaxValueValidator(3600)],
    )
    read_timeout_s = models.PositiveIntegerField(
        _("longest silence within an answer (s)"),
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(3600)],
    )
    max_concurrency = models.PositiveIntegerField(
        _("simultaneous answers"),
        default=64,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
    )
    # Turns of the serving organisation in the queue for one turn of another.
    serving_weight = models.PositiveSmallIntegerField(
        _("turns of the serving organisation"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    # The lowest number is tried first.
    priority = models.PositiveIntegerField(_("order of use"), default=100)
    serving_organisation = models.ForeignKey(
        Organisation,
        verbose_name=_("serving organisation"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="served_backends",
    )
    site = models.CharField(_("place"), max_length=120, blank=True)
    sensitivity = models.CharField(
        _("most sensitive documents"),
        max_length=10,
        choices=Sensitivity,
        default=Sensitivity.INTERNAL,
    )
    pue = models.FloatField(
        _("PUE"), default=1.3, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    wue = models.FloatField(
        _("WUE (L/kWh)"), default=0.0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    # None: that of ELECTRICITY_ZONE.
    carbon_gco2e_per_kwh = models.FloatField(
        _("carbon factor (gCO2e/kWh)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(3000)],
    )
    carbon_source = models.CharField(_("source of the carbon factor"), max_length=200, blank=True)
    carbon_date = models.DateField(_("date of the carbon factor"), null=True, blank=True)
    # Of a backend of the site: where the counters of its servers are read, by which the energy of
    # its answers is measured (``usage.energy``). One address a line.
    metrics_urls = models.TextField(_("counters of vLLM"), max_length=2000, blank=True)
    energy_urls = models.TextField(_("counters of energy (DCGM)"), max_length=2000, blank=True)
    # Identifiers or numbers, separated by commas; "": all GPUs of these exporters.
    energy_gpus = models.CharField(_("graphics cards"), max_length=1000, blank=True)
    host_watts = models.FloatField(
        _("power of the servers without graphics cards (W)"),
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(1_000_000)],
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["priority", "name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_run_by_slurm(self) -> bool:
        """Whether its servers are jobs that are started when questions wait."""
        return not self.base_url

    @property
    def is_metered(self) -> bool:
        """Whether the counters of its servers are read."""
        return bool(self.metrics_urls and self.energy_urls)


class LanguageModel(models.Model):
    """A model of a backend, under the alias that readers, conversations and API clients use.

    Rows with one alias on several backends are the same model to its readers.
    """

    backend = models.ForeignKey(Backend, on_delete=models.CASCADE, related_name="models")
    alias = models.CharField(
        _("alias"),
        max_length=120,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._:/@-]*\Z")],
    )
    # The id that the backend knows.
    server_id = models.CharField(_("id at the backend"), max_length=200)
    label = models.CharField(_("name"), max_length=120)
    description_fr = models.CharField(_("description in French"), max_length=300, blank=True)
    description_en = models.CharField(_("description in English"), max_length=300, blank=True)
    context_window = models.PositiveIntegerField(
        _("context window (tokens)"),
        default=8192,
        validators=[MinValueValidator(512), MaxValueValidator(100_000_000)],
    )
    # In billions.
    active_parameters_b = models.FloatField(
        _("active parameters (billions)"),
        validators=[MinValueValidator(0.001), MaxValueValidator(100_000)],
    )
    total_parameters_b = models.FloatField(
        _("parameters (billions)"),
        validators=[MinValueValidator(0.001), MaxValueValidator(100_000)],
    )
    quantisation_bits = models.PositiveSmallIntegerField(
        _("bits per parameter"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(64)],
    )
    # In euros for a million tokens; None: unknown.
    prompt_price = models.DecimalField(
        _("price of a million tokens read (€)"),
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    completion_price = models.DecimalField(
        _("price of a million tokens written (€)"),
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    # Measured on this backend, without the PUE; None: not calibrated.
    prompt_j_per_token = models.FloatField(
        _("energy of a token read (J)"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    completion_j_per_token = models.FloatField(
        _("energy of a token written (J)"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    supports_tools = models.BooleanField(_("calls tools"), default=False)
    supports_json = models.BooleanField(_("writes JSON by a schema"), default=False)
    supports_images = models.BooleanField(_("reads images"), default=False)
    # Then it answers no questions: it transcribes recordings (``inference.transcription``).
    transcribes = models.BooleanField(_("transcribes recordings"), default=False, db_default=False)
    languages = models.CharField(_("languages"), max_length=100, blank=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["label", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["backend", "alias"], name="one_model_per_alias"),
            models.CheckConstraint(
                condition=~models.Q(alias__in=RESERVED_ALIASES), name="alias_is_not_reserved"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it can do beyond text."""
        return frozenset(ability for ability in Ability if getattr(self, f"supports_{ability}"))


class BackendAccess(models.Model):
    """How the instances of an organisation use a backend: key, priority, routing.

    The row without an organisation applies to the organisations that have none of their own.
    """

    class RoutingMode(models.TextChoices):
        """Values of aristote-dispatcher."""

        DEFAULT = "", _("As the gateway decides")
        ANY = "any", _("Any capacity")
        PRIVATE_FIRST = "private-first", _("Own capacity first")
        PRIVATE_ONLY = "private-only", _("Own capacity only")

    backend = models.ForeignKey(Backend, on_delete=models.CASCADE, related_name="accesses")
    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.CASCADE, related_name="backend_accesses"
    )
    # By ``web.encryption``; "": the backend needs no key.
    encrypted_key = models.TextField(blank=True)
    # Sent unchanged, in the scheme of the backend's kind; None: not sent.
    request_priority = models.SmallIntegerField(_("priority of requests"), null=True, blank=True)
    routing_mode = models.CharField(
        _("routing"), max_length=20, choices=RoutingMode, blank=True, default=""
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["backend", "organisation"],
                name="one_access_per_organisation",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"access of {self.organisation_id or 'all'} to {self.backend_id}"


class ModelRules(models.Model):
    """Which models an organisation, or one of its instances, allows, and how long answers may be.

    An instance chooses among what its organisation allows.
    """

    organisation = models.OneToOneField(
        Organisation, null=True, on_delete=models.CASCADE, related_name="model_rules"
    )
    instance = models.OneToOneField(
        Instance, null=True, on_delete=models.CASCADE, related_name="model_rules"
    )
    # Aliases; empty: all. Extracts are always allowed.
    allowed = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    # Of an organisation, for instances without a choice; an instance has ``Instance.model_id``.
    default = models.CharField(_("default model"), max_length=120, blank=True)
    # None: that of the site.
    max_tokens = models.PositiveIntegerField(
        _("longest answer (tokens)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(50), MaxValueValidator(100_000)],
    )
    # Of an organisation, set by operators: its turns in the queues of the site's backends for one
    # turn of an organisation with 1.
    queue_turns = models.PositiveSmallIntegerField(
        _("turns in the queue"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_QUEUE_TURNS)],
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(organisation=None) ^ models.Q(instance=None),
                name="rules_of_one_place",
            ),
        ]

    def __str__(self) -> str:
        return f"rules of {self.organisation_id or self.instance_id}"
