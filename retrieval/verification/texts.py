"""A text with what is compared of it, each computed once, when it is first asked for."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from ingestion.indexing.lexical import analyse, words_of_terms
from retrieval.verification.clauses import Clause, clauses, statements, without
from retrieval.verification.names import acronyms, names, words
from retrieval.verification.quantities.quantity import Quantity
from retrieval.verification.quantities.reading import quantities
from retrieval.verification.roles import Pivot, read_pivots
from retrieval.verification.slots import Slot, read_slots
from retrieval.verification.wording import Limit, Wording, limit_of, wordings

# Words are alike when they share this part of their beginning: "rembourse", "remboursement".
_SHORTEST_ALIKE, _ALIKE_SHARE = 4, 0.6


@dataclass(frozen=True)
class ReadText:
    """A sentence, or a part of a passage. ``lead`` is what introduces it, which is not part of it.

    A row of a table is one statement. Quantities that are ``given`` are left out.
    """

    text: str
    lead: str = ""
    is_row: bool = False
    given: tuple[Quantity, ...] = ()

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """The quantities of the text."""
        found = quantities(self.text)
        return tuple(each for each in found if not any(each.equals(q) for q in self.given))

    @cached_property
    def limits(self) -> tuple[Limit | None, ...]:
        """Of each quantity, which limit it is."""
        return tuple(limit_of(self.text, each.start, each.end) for each in self.quantities)

    @cached_property
    def blanked(self) -> str:
        """The text without its quantities."""
        return without(self.text, self.quantities)

    @cached_property
    def terms(self) -> frozenset[int]:
        """The terms of the text, without those of its quantities."""
        return frozenset(self.typed)

    @cached_property
    def typed(self) -> dict[int, str]:
        """The first word of each term, as it is typed, in order; without quantities."""
        return words_of_terms(self.blanked)

    @cached_property
    def all_terms(self) -> frozenset[int]:
        """The terms of the text."""
        return frozenset(analyse(self.text))

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses of the text."""
        return tuple(clauses(self.text, self.quantities))

    @cached_property
    def statements(self) -> tuple[tuple[frozenset[int], Wording], ...]:
        """The terms and the wording of each statement of the text."""
        found = statements(self.text, is_one=self.is_row)
        return tuple(
            (frozenset(analyse(f"{self.lead} {each.lead} {each.text}")), wording)
            for each, wording in zip(found, wordings(found, self.lead), strict=True)
        )

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of the text, folded."""
        return tuple(words(self.text))

    @cached_property
    def word_set(self) -> frozenset[str]:
        """The words of the text, folded, each once."""
        return frozenset(self.words)

    @cached_property
    def slots(self) -> tuple[tuple[Slot, int], ...]:
        """The words after their slots; without quantities."""
        return tuple(read_slots(self.terms_of_words))

    @cached_property
    def terms_of_words(self) -> tuple[tuple[str, int | None], ...]:
        """The words, folded, each with its term, None for a stop word; without quantities."""
        return tuple((word, next(iter(analyse(word)), None)) for word in words(self.blanked))

    @cached_property
    def pivots(self) -> list[Pivot]:
        """The words that relate what is before them to what is after them."""
        return read_pivots(self.terms_of_words)

    @cached_property
    def acronyms(self) -> list[str]:
        """The acronyms of the text."""
        return acronyms(self.text)

    @cached_property
    def names(self) -> list[str]:
        """The words with a capital letter, without acronyms."""
        return list(names(self.text))

    def has_alike(self, word: str) -> bool:
        """Whether a word of the text begins like another one."""
        (folded,) = words(word)[:1] or ("",)
        if len(folded) < _SHORTEST_ALIKE:
            return False
        beginning = folded[: max(_SHORTEST_ALIKE, int(_ALIKE_SHARE * len(folded)))]
        place = bisect_left(self._sorted_words, beginning)
        return self._sorted_words[place : place + 1] != [] and self._sorted_words[place].startswith(
            beginning
        )

    @cached_property
    def _sorted_words(self) -> list[str]:
        return sorted(self.word_set)
