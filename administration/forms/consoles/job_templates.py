"""The form of a job template: how Slurm starts the servers of a backend."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inference.base_urls import check_address
from inference.models import JobTemplate
from inference.slurm import scripts

_SCRIPT_ERRORS = {
    "shebang": _("The first line of a script says what runs it, such as #!/bin/bash."),
    "unknown": _("Unknown placeholders: %(names)s. Known ones: %(known)s."),
    "missing": _("Placeholders are missing: %(names)s. Without them, no job could register."),
}


class JobTemplateForm(forms.ModelForm):
    """A job template; ``groups`` are its fields by theme."""

    class Meta:
        model = JobTemplate
        fields = [
            "command_prefix",
            "script",
            "model_path",
            "partition",
            "wall_minutes",
            "start_minutes",
            "networks",
            "site_url",
            "min_jobs",
            "max_jobs",
            "waiting_per_job",
            "idle_minutes",
            "overflow_partition",
            "overflow_waiting",
        ]
        widgets = {
            "script": forms.Textarea(
                attrs={"rows": 22, "class": "input code", "spellcheck": "false", "wrap": "off"}
            ),
            "networks": forms.TextInput(attrs={"placeholder": "10.20.0.0/16"}),
        }
        help_texts = {
            "script": _(
                "Placeholders: {{token}}, {{register_url}}, {{api_key}}, {{port}}, {{model_path}},"
                " {{minutes}} (wall time)."
            ),
            "model_path": _("Replaces {{model_path}}: a path, or the name of a model."),
            "partition": _("Empty: the default partition of Slurm."),
            "start_minutes": _(
                "A job that has not registered so long after its start is cancelled."
            ),
            "networks": _("A job registers only with an address in these; separated by commas."),
            "site_url": _("Empty: the public address. Compute nodes may need another one."),
            "min_jobs": _("They run even without questions."),
            "waiting_per_job": _("The first job starts with the first question."),
            "overflow_partition": _("Empty: none."),
            "overflow_waiting": _("From so many on, jobs start in the second partition."),
        }

    _GROUPS: ClassVar[Sequence[tuple[Promise, Sequence[str]]]] = (
        (_("Job"), ("command_prefix", "script", "model_path", "partition")),
        (_("Times and addresses"), ("wall_minutes", "start_minutes", "networks", "site_url")),
        (_("Number of jobs"), ("min_jobs", "max_jobs", "waiting_per_job", "idle_minutes")),
        (_("When many questions wait"), ("overflow_partition", "overflow_waiting")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = dict.fromkeys(settings.SLURM_COMMAND_PREFIXES)
        if self.instance.pk is None:
            self.initial["script"] = scripts.EXAMPLE
        else:
            offered[self.instance.command_prefix] = None
        self.fields["command_prefix"] = forms.ChoiceField(
            label=_("Where the commands of Slurm are called"),
            choices=[(prefix, prefix or _("on this machine")) for prefix in offered],
            required=False,
            help_text=_("The choices are in SLURM_COMMAND_PREFIXES, in the site's settings."),
        )

    @property
    def groups(self) -> Iterator[tuple[Promise, list[BoundField]]]:
        """The fields by theme."""
        for title, names in self._GROUPS:
            yield title, [self[name] for name in names]

    def clean_command_prefix(self) -> str:
        prefix: str = self.cleaned_data["command_prefix"]
        if prefix not in settings.SLURM_COMMAND_PREFIXES:
            raise forms.ValidationError(_("This choice is no longer in SLURM_COMMAND_PREFIXES."))
        return prefix

    def clean_script(self) -> str:
        # Browsers send CRLF, which the shell of the node would not understand.
        script: str = self.cleaned_data["script"].replace("\r\n", "\n")
        if problem := scripts.problem_of(script):
            shown = {"names": ", ".join(problem.names), "known": ", ".join(scripts.NAMES)}
            raise forms.ValidationError(_SCRIPT_ERRORS[problem.code], params=shown)
        return f"{script.rstrip()}\n"

    def clean_networks(self) -> str:
        networks = [part.strip() for part in self.cleaned_data["networks"].split(",")]
        try:
            return ", ".join(str(ip_network(network)) for network in networks if network)
        except ValueError as error:
            raise forms.ValidationError(
                _("Write networks such as 10.20.0.0/16, separated by commas.")
            ) from error

    def clean_site_url(self) -> str:
        url: str = self.cleaned_data["site_url"].strip().rstrip("/")
        wrong = forms.ValidationError(_("Write an address that begins with http or https."))
        try:
            if url:
                check_address(url)
        except ValueError as error:
            raise wrong from error
        if set(url) & set(" '\"`$\\;&|<>(){}") or not url.isascii() or urlsplit(url).query:
            raise wrong
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        least, most = cleaned.get("min_jobs"), cleaned.get("max_jobs")
        if least is not None and most is not None and least > most:
            self.add_error("min_jobs", _("More than the jobs at most."))
        if cleaned.get("overflow_partition") and most == 1:
            self.add_error("max_jobs", _("A second partition needs at least two jobs at most."))
        wall, start = cleaned.get("wall_minutes"), cleaned.get("start_minutes")
        if wall is not None and start is not None and wall <= start:
            self.add_error("wall_minutes", _("A job needs more time than its longest start."))
        return cleaned
