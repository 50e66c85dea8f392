"""Evaluate access rules, which admit people to an instance without an invitation.

A person matches a rule when one of their identities is in its audience and passes all its filters;
the filters must all match the same identity. Identities of disabled organisations are ignored.

``fits`` evaluates one identity; ``people_admitted`` is the same condition as a query.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.fields.json import HasAnyKeys

from instances import audit
from instances.across_instances import call_function
from instances.audit import Action
from instances.members import removal
from instances.models import AccessRule, Identity, Instance, Membership, Organisation, Role
from instances.tenancy import as_user, tenant
from people.models import User

_CHUNK = 5000


def fits(rule: AccessRule, identity: Identity) -> bool:
    """Whether the rule admits this identity."""
    return (
        rule.is_enabled
        and _is_in_audience(rule, identity)
        and (not rule.affiliations or bool(set(rule.affiliations) & set(identity.affiliations)))
        and (not rule.scopes or bool(set(rule.scopes) & set(identity.scopes)))
        and all(
            set(values) & set(identity.attributes.get(name, ()))
            for name, values in rule.required.items()
        )
    )


def best_rule(rules: Iterable[AccessRule], identities: list[Identity]) -> AccessRule | None:
    """The rule that grants the highest role to a person with these identities, or None."""
    fitting = [rule for rule in rules if any(fits(rule, identity) for identity in identities)]
    return max(fitting, key=_precedence, default=None)


def people_admitted(rule: AccessRule) -> QuerySet[Identity]:
    """The identities that the rule admits; the rule may be unsaved."""
    audiences = AccessRule.Audience
    if not rule.is_enabled:
        return Identity.objects.none()
    if rule.audience in (audiences.ORGANISATION, audiences.ORGANISATIONS):
        wanted = _enabled(_organisations_named(rule))
        found = Identity.objects.filter(organisation_ids__overlap=wanted)
    elif rule.audience == audiences.FEDERATION:
        found = Identity.objects.filter(federation=rule.federation).exclude(federation="")
    else:
        found = Identity.objects.exclude(federation="")
    if rule.affiliations:
        found = found.filter(affiliations__overlap=rule.affiliations)
    if rule.scopes:
        found = found.filter(scopes__overlap=rule.scopes)
    for name, values in rule.required.items():
        found = found.filter(HasAnyKeys(_attribute(name), values))
    return found


def candidate_rules(identities: list[Identity]) -> QuerySet[AccessRule]:
    """The enabled rules whose audience may include the person. Run inside ``as_user``."""
    organisation_ids = {pk for identity in identities for pk in identity.organisation_ids}
    federations = {identity.federation for identity in identities if identity.federation}
    audience = Q(
        audience=AccessRule.Audience.ORGANISATION,
        instance__organisation__in=organisation_ids,
    ) | Q(
        audience=AccessRule.Audience.ORGANISATIONS,
        organisation_ids__overlap=sorted(organisation_ids),
    )
    if federations:
        audience |= Q(audience=AccessRule.Audience.FEDERATION, federation__in=federations)
        audience |= Q(audience=AccessRule.Audience.EDUGAIN)
    return AccessRule.objects.filter(audience, is_enabled=True).select_related(
        "instance__organisation"
    )


def identities_of(user: User) -> list[Identity]:
    """The identities of a person, without disabled organisations."""
    identities = list(Identity.objects.filter(user=user))
    enabled = set(_enabled({pk for one in identities for pk in one.organisation_ids}))
    for identity in identities:
        identity.organisation_ids = [pk for pk in identity.organisation_ids if pk in enabled]
    return identities


def open_instances(user: User, search: str = "") -> list[Instance]:
    """The active instances that a person may join by a rule and is not a member of, by name.

    In three queries; ``search`` matches names.
    """
    identities = identities_of(user)
    if not identities:
        return []
    with as_user(user.pk):
        mine = Membership.objects.current().filter(user=user, instance=OuterRef("instance"))
        rules = candidate_rules(identities).exclude(Exists(mine))
        rules = rules.filter(
            instance__status=Instance.Status.ACTIVE, instance__organisation__is_enabled=True
        )
        if search:
            rules = rules.filter(
                Q(instance__name__icontains=search)
                | Q(instance__organisation__name__icontains=search)
            )
        found = {
            rule.instance_id: rule.instance
            for rule in rules
            if any(fits(rule, identity) for identity in identities)
        }
    return sorted(found.values(), key=lambda instance: (instance.name.casefold(), instance.pk))


def reevaluate_person(user: User) -> int:
    """Re-evaluate the memberships granted to a person by rules; return how many ended.

    Call it after each change of their identities, that is at each login.
    """
    identities = identities_of(user)
    with as_user(user.pk):
        memberships = list(
            Membership.objects.filter(user=user, rule__isnull=False).select_related(
                "instance__organisation"
            )
        )
        here = [membership.instance_id for membership in memberships]
        rules: dict[int, list[AccessRule]] = defaultdict(list)
        if here:
            for rule in candidate_rules(identities).filter(instance__in=here):
                rules[rule.instance_id].append(rule)
    ended = 0
    for membership in memberships:
        best = best_rule(rules[membership.instance_id], identities)
        if best is None:
            with tenant(membership.instance):
                ended += removal.end_memberships(
                    membership.instance, [user.pk], action=Action.MEMBER_LOST
                )
        elif (membership.rule_id, membership.role) != (best.pk, best.role):
            with tenant(membership.instance):
                _mark_granted(best, [membership.pk])
                _record_change(user, membership, best)
    return ended


def reevaluate_rule(rule: AccessRule) -> int:
    """Re-evaluate the instance of a changed rule; return how many memberships ended."""
    return reevaluate_instance(rule.instance)


def reevaluate_instance(instance: Instance) -> int:
    """Re-evaluate the memberships granted by rules in an instance; return how many ended.

    A constant number of queries, plus some per thousand ended memberships.
    """
    with tenant(instance):
        # Locked, so that a person who joins concurrently is evaluated by the changed rule.
        rules = sorted(
            AccessRule.objects.for_instance(instance)
            .filter(is_enabled=True)
            .select_for_update(no_key=True)
            .order_by("pk"),
            key=_precedence,
            reverse=True,
        )
        for rule in rules:
            rule.instance = instance
        best = Case(
            *(When(_admitted_by(rule), then=Value(rule.pk)) for rule in rules),
            default=Value(0),
            output_field=BigIntegerField(),
        )
        changed: dict[int, list[tuple[int, int]]] = defaultdict(list)
        by_rule = Membership.objects.for_instance(instance).filter(rule__isnull=False)
        roles = {rule.pk: rule.role for rule in rules}
        for pk, user_id, rule_id, role, best_pk in (
            by_rule.annotate(best=best)
            .values_list("pk", "user_id", "rule_id", "role", "best")
            .iterator(chunk_size=_CHUNK)
        ):
            if (rule_id, role) != (best_pk, roles.get(best_pk)):
                changed[best_pk].append((pk, user_id))
        for rule in rules:
            _mark_granted(rule, [pk for pk, _user_id in changed[rule.pk]])
        lost = [user_id for _pk, user_id in changed[0]]
        return removal.end_memberships(instance, lost, action=Action.MEMBER_LOST)


def reevaluate_organisation(organisation: Organisation) -> int:
    """Re-evaluate other instances whose rules name an organisation; return how many ended.

    Call it when the organisation is disabled. Its own instances are closed then; their memberships
    are kept until it is enabled again.
    """
    numbers = [pk for (pk,) in call_function("instances_open_to_organisation", organisation.pk)]
    others = Instance.objects.filter(pk__in=numbers).exclude(organisation=organisation)
    return sum(reevaluate_instance(instance) for instance in others.select_related("organisation"))


def without_a_rule(instance: Instance, rules: Iterable[AccessRule]) -> QuerySet[Membership]:
    """Memberships granted by a rule that none of ``rules`` grants. Run inside the tenant."""
    memberships = Membership.objects.for_instance(instance).filter(rule__isnull=False)
    for rule in rules:
        memberships = memberships.exclude(_admitted_by(rule))
    return memberships


def _attribute(name: str) -> Func:
    """The values of an attribute of an identity; the name may contain any character."""
    arguments = (F("attributes"), Value(name))
    return Func(*arguments, function="jsonb_extract_path", output_field=JSONField())


def _admitted_by(rule: AccessRule) -> Exists:
    return Exists(people_admitted(rule).filter(user=OuterRef("user")))


def _mark_granted(rule: AccessRule, membership_ids: list[int]) -> None:
    """Mark these memberships as granted by this rule."""
    for start in range(0, len(membership_ids), _CHUNK):
        chunk = membership_ids[start : start + _CHUNK]
        Membership.objects.filter(pk__in=chunk).update(rule=rule, role=rule.role)


def _record_change(user: User, membership: Membership, rule: AccessRule) -> None:
    """Audit a changed role; another rule with the same role is not recorded."""
    if membership.role != rule.role:
        audit.record(
            Action.MEMBER_CHANGED,
            instance=membership.instance,
            target=user,
            former_role=membership.role,
            role=rule.role,
            rule=rule.pk,
        )


def _precedence(rule: AccessRule) -> tuple[int, int]:
    """Sort key: the higher role wins, then the older rule."""
    return Role(rule.role).rank, -(rule.pk or 0)


def _organisations_named(rule: AccessRule) -> Iterable[int]:
    if rule.audience == AccessRule.Audience.ORGANISATION:
        return [rule.instance.organisation_id]
    return rule.organisation_ids


def _enabled(organisation_ids: Iterable[int]) -> list[int]:
    wanted = sorted(organisation_ids)
    if not wanted:
        return []
    enabled = Organisation.objects.filter(pk__in=wanted, is_enabled=True)
    return list(enabled.values_list("pk", flat=True))


def _is_in_audience(rule: AccessRule, identity: Identity) -> bool:
    audiences = AccessRule.Audience
    if rule.audience in (audiences.ORGANISATION, audiences.ORGANISATIONS):
        return bool(set(_organisations_named(rule)) & set(identity.organisation_ids))
    if rule.audience == audiences.FEDERATION:
        return bool(rule.federation) and rule.federation == identity.federation
    return bool(identity.federation)
