"""The kind ``imap``: form, and what it is."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sources.errors import AddressRefused, explain
from sources.interface import KindForm, Opening, Reader
from sources.kinds.fields import SecretField
from sources.kinds.imap.connection import STARTTLS, TLS
from sources.kinds.imap.reader import ImapReader
from web.outbound.addresses import resolve
from web.outbound.errors import DestinationRefused, OutboundError


class ImapForm(KindForm):
    """Which folder is read, and as whom. A password is never sent without encryption."""

    secret_fields = ("password",)
    place_fields = ("host", "port", "username")

    host = forms.RegexField(
        label=_("Name of the server"), regex=r"^[A-Za-z0-9.-]{1,253}$", help_text="imap.example.org"
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=993)
    security = forms.ChoiceField(
        label=_("Encryption"), choices=[(TLS, "TLS"), (STARTTLS, "STARTTLS")], initial=TLS
    )
    username = forms.CharField(label=_("User name"), max_length=200)
    password = SecretField(label=_("Password"))
    mailbox = forms.CharField(label=_("Folder of mail"), max_length=300, initial="INBOX")

    def clean(self) -> dict[str, object]:
        """Check that this site may reach the server."""
        given: dict[str, object] = super().clean() or self.cleaned_data
        host, port = self.cleaned_data.get("host"), self.cleaned_data.get("port")
        if host and port:
            try:
                resolve(host, port)
            except DestinationRefused as error:
                raise ValidationError(explain(AddressRefused.code), code="refused") from error
            except OutboundError as error:
                message = _("There is no server of this name. Check the address.")
                raise ValidationError(message, code="unknown") from error
        return given


class ImapKind:
    """Mail of a folder."""

    name = "imap"
    label = _("Mail (IMAP)")
    description = _("The messages of a folder of mail, with their attachments; the newest first.")
    form = ImapForm

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the folder."""
        return ImapReader(opening)
