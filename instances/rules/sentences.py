"""Access rules as sentences, for administrators."""

from collections.abc import Iterable, Mapping

from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _

from instances.models import AccessRule, Affiliation, Organisation, Role

_PLURALS = {
    Affiliation.STAFF: lambda: _("staff"),
    Affiliation.EMPLOYEE: lambda: _("employees"),
    Affiliation.FACULTY: lambda: _("teaching staff"),
    Affiliation.RESEARCHER: lambda: _("researchers"),
    Affiliation.STUDENT: lambda: _("students"),
    Affiliation.MEMBER: lambda: _("members of the institution (students included)"),
    Affiliation.AFFILIATE: lambda: _("affiliates"),
    Affiliation.ALUM: lambda: _("former students"),
}
_ROLES = {
    Role.GUEST: lambda: _("guests"),
    Role.MEMBER: lambda: _("members"),
    Role.EDITOR: lambda: _("editors"),
}


def names_of_organisations(rules: Iterable[AccessRule]) -> dict[int, str]:
    """The names of the organisations that the rules name, in one query."""
    wanted = {pk for rule in rules for pk in rule.organisation_ids}
    if not wanted:
        return {}
    return dict(Organisation.objects.filter(pk__in=wanted).values_list("pk", "name"))


def sentence(rule: AccessRule, names: Mapping[int, str]) -> str:
    """Return the rule as "Staff and researchers of Université X enter as members."."""
    parts = {
        "people": capfirst(_people(rule)),
        "role": _ROLES[Role(rule.role)](),
        "place": _place(rule, names),
    }
    if rule.audience == AccessRule.Audience.EDUGAIN:
        return _("%(people)s of any institution in eduGAIN enter as %(role)s.") % parts
    if rule.audience == AccessRule.Audience.FEDERATION:
        return _("%(people)s of the federation %(place)s enter as %(role)s.") % parts
    return _("%(people)s of %(place)s enter as %(role)s.") % parts


def conditions(rule: AccessRule) -> list[str]:
    """The further conditions of the rule, one per line."""
    lines = []
    if rule.scopes:
        lines.append(_("Domain: %s") % get_text_list(rule.scopes, _("or")))
    lines += [
        _("%(label)s: %(words)s") % {"label": name, "words": get_text_list(values, _("or"))}
        for name, values in rule.required.items()
    ]
    return lines


def _place(rule: AccessRule, names: Mapping[int, str]) -> str:
    if rule.audience == AccessRule.Audience.ORGANISATION:
        return rule.instance.organisation.name
    if rule.audience == AccessRule.Audience.ORGANISATIONS:
        known = sorted(names[pk] for pk in rule.organisation_ids if pk in names)
        return get_text_list(known, _("or"))
    return rule.federation


def _people(rule: AccessRule) -> str:
    if not rule.affiliations:
        return _("all people")
    named = [_PLURALS[Affiliation(name)]() for name in Affiliation if name in rule.affiliations]
    return get_text_list(named, _("and"))
