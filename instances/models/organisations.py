"""Organisations and their instances."""

from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from instances.models.sensitivity import Sensitivity

_DAYS_KEPT = [MinValueValidator(1), MaxValueValidator(3650)]


class Organisation(models.Model):
    """A university or another body that owns instances."""

    class CreationRule(models.TextChoices):
        OPEN = "open", _("At once, for everyone in the organisation")
        APPROVAL = "approval", _("After an administrator of the organisation has approved")
        CLOSED = "closed", _("Only by administrators of the organisation")

    class PersonalDataRule(models.TextChoices):
        OFF = "off", _("Send it as it is")
        ASK = "ask", _("Ask the person, who may send it as it is")
        REFUSE = "refuse", _("Send it only when the personal data are masked")

    slug = models.SlugField(_("identifier"), unique=True, max_length=60)
    name = models.CharField(_("name"), max_length=200)
    # While disabled, its instances are closed and its login rules have no effect.
    is_enabled = models.BooleanField(_("enabled"), default=True)
    support_contact = models.CharField(_("support contact"), max_length=200, blank=True)
    creation_rule = models.CharField(
        _("new instances"), max_length=10, choices=CreationRule, default=CreationRule.APPROVAL
    )
    allows_personal_instances = models.BooleanField(_("personal instances"), default=True)
    # None: no limit. The last two apply to instances without a limit of their own.
    max_instances = models.PositiveIntegerField(_("instances at most"), null=True, blank=True)
    max_documents = models.PositiveIntegerField(
        _("documents in an instance at most"), null=True, blank=True
    )
    max_stored_bytes = models.PositiveBigIntegerField(
        _("bytes in an instance at most"), null=True, blank=True
    )
    # Months without use after which an instance is archived; 0: never.
    idle_months = models.PositiveSmallIntegerField(_("months of disuse"), default=12)
    # Its instances may keep them for a shorter time. None: until their authors delete them.
    conversation_days = models.PositiveSmallIntegerField(
        _("days for which conversations are kept"), null=True, blank=True, validators=_DAYS_KEPT
    )
    # In all its instances; one may do so for itself.
    only_temporary = models.BooleanField(_("only temporary conversations"), default=False)
    # The account to which usage is charged, for instances without a code of their own.
    cost_centre = models.CharField(_("cost centre"), max_length=60, blank=True)
    # Its own names of the levels of sensitivity; "": those of the site.
    public_label = models.CharField(_("name of the level “public”"), max_length=40, blank=True)
    internal_label = models.CharField(_("name of the level “internal”"), max_length=40, blank=True)
    restricted_label = models.CharField(
        _("name of the level “restricted”"), max_length=40, blank=True
    )
    # For questions to models outside the organisation (inference.personal_data).
    personal_data_rule = models.CharField(
        _("personal data"), max_length=10, choices=PersonalDataRule, default=PersonalDataRule.ASK
    )
    # Where a model for them is installed.
    guards_names = models.BooleanField(_("names of persons"), default=False)
    # One ``name: expression`` a line.
    number_patterns = models.TextField(_("own numbers"), max_length=4000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def label_of(self, level: Sensitivity) -> str:
        """The name of a level of sensitivity in this organisation."""
        return getattr(self, f"{level.value}_label") or str(level.short_label)


class OrganisationAdministrator(models.Model):
    """A person who manages an organisation's instances and members, without reading documents."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="administrators"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="administered"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "user"], name="one_administration_per_person"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} administers {self.organisation_id}"


class Instance(models.Model):
    """A tenant: the documents, members, model and rules of one group of people."""

    # `status_reason` of an instance that was archived for disuse; translated when it is shown.
    DISUSE_REASON = gettext_noop("It was not used for a long time.")

    class Kind(models.TextChoices):
        GROUP = "group", _("Group")
        PERSONAL = "personal", _("Personal")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        # Read-only: no questions, no uploads.
        ARCHIVED = "archived", _("Archived")
        SUSPENDED = "suspended", _("Suspended")
        # Closed, to be deleted at `deletion_due_at`.
        DELETING = "deleting", _("Being deleted")

    class Strictness(models.TextChoices):
        LENIENT = "lenient", _("Broad: answers even from distant passages")
        BALANCED = "balanced", _("Balanced")
        STRICT = "strict", _("Strict: answers only from clearly relevant passages")
        CALIBRATED = "calibrated", _("Calibrated on the golden questions")

    class SecondFactor(models.TextChoices):
        NONE = "", _("Not required")
        ADMINISTRATORS = "admins", _("Required of administrators")
        EVERYONE = "everyone", _("Required of everyone")

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="instances"
    )
    slug = models.SlugField(_("identifier"), unique=True, max_length=60)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=300, blank=True)
    welcome_text = models.TextField(_("welcome text"), max_length=2000, blank=True)
    # Without any, examples are made from headings of the documents.
    example_questions = ArrayField(models.TextField(), default=list, blank=True)
    suggests_questions = models.BooleanField(_("suggest questions"), default=True)
    language = models.CharField(
        _("language"), max_length=5, choices=settings.LANGUAGES, default="fr"
    )
    accent_colour = models.CharField(
        _("accent colour"),
        max_length=7,
        blank=True,
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")],
    )
    # "": the default of the deployment, which is its LLM if it has one, else extracts.
    model_id = models.CharField(_("model"), max_length=200, blank=True)
    # The model of the first answer, if not that one: extracts or a smaller model.
    first_model_id = models.CharField(_("first answer"), max_length=200, blank=True)
    instructions = models.TextField(_("instructions"), max_length=4000, blank=True)
    strictness = models.CharField(
        _("strictness"), max_length=10, choices=Strictness, default=Strictness.BALANCED
    )
    # Of the calibrated strictness: the least relevance of a passage that answers, in [0, 1].
    calibrated_threshold = models.FloatField(_("calibrated strictness"), null=True, blank=True)
    top_k = models.PositiveSmallIntegerField(
        _("passages per answer"),
        default=6,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    reuses_answers = models.BooleanField(_("reuse answers"), default=True)
    # A new version of a document answers once golden questions have been asked with it.
    tries_versions = models.BooleanField(
        _("try new versions of documents first"), default=False, db_default=False
    )
    # Of a copy that is never saved: a version (its id and attempt) that is asked in place of the
    # one that answers.
    tried_version: tuple[UUID, int] | None = None
    # The index that answers (ingestion.indexing.generations): its number, its embedding model ("":
    # that of the site) and the tokens of a passage (None: the setting CHUNK_TOKENS).
    index_generation = models.PositiveIntegerField(default=0, db_default=0)
    embedding_model = models.CharField(max_length=200, blank=True, default="", db_default="")
    chunk_tokens = models.PositiveIntegerField(_("tokens in a passage"), null=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.GROUP)
    # The responsible person; None if deleted, or if a command created the instance.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="owned_instances",
    )
    purpose = models.TextField(_("purpose"), max_length=1000, blank=True)
    sensitivity = models.CharField(
        _("documents"), max_length=10, choices=Sensitivity, default=Sensitivity.INTERNAL
    )
    second_factor = models.CharField(
        _("second factor"), max_length=10, blank=True, choices=SecondFactor, default=""
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    status_reason = models.CharField(_("reason"), max_length=300, blank=True)
    status_changed_at = models.DateTimeField(null=True, blank=True)
    deletion_due_at = models.DateTimeField(null=True, blank=True)
    deletion_requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # The status to restore when the deletion is cancelled.
    status_before_deletion = models.CharField(max_length=10, blank=True, choices=Status)
    # Its contents when the deletion began, for the proof; stored in case of an interruption.
    deletion_counts = models.JSONField(null=True, blank=True)
    # None: the organisation's limit.
    max_documents = models.PositiveIntegerField(_("documents at most"), null=True, blank=True)
    max_stored_bytes = models.PositiveBigIntegerField(_("bytes at most"), null=True, blank=True)
    # "": the organisation's.
    cost_centre = models.CharField(_("cost centre"), max_length=60, blank=True)
    conversation_days = models.PositiveSmallIntegerField(
        _("days for which conversations are kept"), null=True, blank=True, validators=_DAYS_KEPT
    )
    only_temporary = models.BooleanField(_("only temporary conversations"), default=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    disuse_noticed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("instance")
        verbose_name_plural = _("instances")
        ordering = ["name"]
        indexes = [
            models.Index(
                fields=["deletion_due_at"],
                name="instance_deletion_due",
                condition=models.Q(deletion_due_at__isnull=False),
            ),
            models.Index(fields=["organisation", "name"], name="instance_by_organisation"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "owner"],
                name="one_personal_instance",
                condition=models.Q(kind="personal"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_closed(self) -> bool:
        """Whether members may not enter."""
        closed = (self.Status.SUSPENDED, self.Status.DELETING)
        return self.status in closed or not self.organisation.is_enabled

    @property
    def holdings(self) -> "InstanceTotals":
        """The totals of its contents; zero before its first document."""
        try:
            return self.totals
        except InstanceTotals.DoesNotExist:
            return InstanceTotals(instance=self)

    @property
    def days_conversations_are_kept(self) -> int | None:
        """The shorter time of the instance and its organisation; None without any."""
        days = (self.conversation_days, self.organisation.conversation_days)
        return min(filter(None, days), default=None)

    @property
    def allows_only_temporary(self) -> bool:
        """Whether nothing of conversations is kept, by its own or its organisation's choice."""
        return self.only_temporary or self.organisation.only_temporary

    @property
    def embedding_model_name(self) -> str:
        """The name of the embedding model of the index that answers."""
        return self.embedding_model or settings.EMBEDDING_MODEL

    @property
    def is_archived(self) -> bool:
        """Whether it is read-only."""
        return self.status == self.Status.ARCHIVED


class InstanceTotals(models.Model):
    """The number and size of an instance's documents, visible to its organisation.

    A trigger of the table ``ingestion_document`` updates them, so that they are exact and a list of
    instances needs one query. Another counts files that are being received in pieces.
    """

    instance = models.OneToOneField(
        Instance, primary_key=True, on_delete=models.CASCADE, related_name="totals"
    )
    documents = models.PositiveIntegerField(default=0)
    stored_bytes = models.PositiveBigIntegerField(default=0)
    reserved_documents = models.PositiveIntegerField(default=0, db_default=0)
    reserved_bytes = models.PositiveBigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.documents} documents of {self.instance_id}"
