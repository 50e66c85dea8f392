"""The form of another search index: its embedding model and the size of its passages."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from inference.embedding.offered import offered_embeddings
from ingestion.indexing.generations import active_index
from ingestion.reindexing.starting import CHUNK_TOKENS_RANGE
from instances.models import Instance


class SearchIndexForm(forms.Form):
    """What another index is made with."""

    embedding_model = forms.ChoiceField(label=_("Embedding model"))
    chunk_tokens = forms.IntegerField(
        label=_("Tokens in a passage"),
        min_value=CHUNK_TOKENS_RANGE[0],
        max_value=CHUNK_TOKENS_RANGE[1],
        help_text=_(
            "Small passages are found more precisely, large ones say more. About 256 is a good "
            "size for most documents."
        ),
    )
    switches_itself = forms.BooleanField(
        label=_("Use it as soon as it is complete"),
        required=False,
        initial=True,
        help_text=_(
            "With golden questions, only if as many of them pass as before. Otherwise, you decide."
        ),
    )

    def __init__(self, instance: Instance, data: Any = None) -> None:
        index = active_index(instance)
        initial = {"embedding_model": index.embedding_model, "chunk_tokens": index.chunk_tokens}
        super().__init__(data, initial=initial)
        model = cast(forms.ChoiceField, self.fields["embedding_model"])
        model.choices = [(each.name, each.label) for each in offered_embeddings()]

    @property
    def chosen_tokens(self) -> int | None:
        """The size as an index stores it: None for that of the site."""
        tokens = int(self.cleaned_data["chunk_tokens"])
        return None if tokens == settings.CHUNK_TOKENS else tokens
