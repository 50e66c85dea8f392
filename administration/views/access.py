"""Settings of an instance: access rules and the required second factor."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from administration.forms.access import KNOWN_ATTRIBUTES, RuleForm, SecondFactorForm
from instances import audit
from instances.access.gates import instance_view
from instances.models import AccessRule, Identity, Instance, Membership
from instances.rules.changes import add_rule, change_rule, number_admitted, remove_rule, would_lose
from instances.rules.sentences import conditions, names_of_organisations, sentence

_NAMED = 10


@require_safe
@instance_view("admin")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """List the rules as sentences; show the second factor."""
    rules = list(_rules(membership.instance))
    names = names_of_organisations(rules)
    shown = [
        {
            "rule": rule,
            "sentence": sentence(rule, names),
            "conditions": conditions(rule),
            "admitted": number_admitted(rule),
        }
        for rule in rules
    ]
    form = SecondFactorForm(instance=membership.instance)
    return _page(request, "access.html", {"rules": shown, "form": form})


@require_http_methods(["GET", "POST"])
@instance_view("admin")
def add(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Add a rule."""
    instance = membership.instance
    form = RuleForm(request.POST or None, instance=AccessRule(instance=instance))
    if form.is_valid():
        add_rule(form.instance)
        messages.success(request, _("The rule was added."))
        return redirect("administration:access", slug=instance.slug)
    return _form(request, form)


@require_http_methods(["GET", "POST"])
@instance_view("admin")
def edit(request: HttpRequest, membership: Membership, rule_id: int) -> HttpResponse:
    """Change a rule, after confirmation if members would lose access."""
    rule = get_object_or_404(_rules(membership.instance), pk=rule_id)
    form = RuleForm(request.POST or None, instance=rule)
    if not form.is_valid():
        return _form(request, form)
    return _change(request, rule, would_lose(rule), change_rule, _("The rule was changed."))


@require_POST
@instance_view("admin")
def switch(request: HttpRequest, membership: Membership, rule_id: int) -> HttpResponse:
    """Enable or disable a rule."""
    rule = get_object_or_404(_rules(membership.instance), pk=rule_id)
    rule.is_enabled = not rule.is_enabled
    done = _("The rule is enabled.") if rule.is_enabled else _("The rule is disabled.")
    return _change(request, rule, would_lose(rule), change_rule, done)


@require_POST
@instance_view("admin")
def remove(request: HttpRequest, membership: Membership, rule_id: int) -> HttpResponse:
    """Remove a rule."""
    rule = get_object_or_404(_rules(membership.instance), pk=rule_id)
    rule.is_enabled = False
    return _change(request, rule, would_lose(rule), remove_rule, _("The rule was removed."))


@require_POST
@instance_view("admin")
def second_factor(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Change who needs a second factor."""
    instance = membership.instance
    form = SecondFactorForm(request.POST, instance=instance)
    if form.is_valid():
        form.save()
        if form.changed_data:
            audit.record(
                audit.Action.INSTANCE_CHANGED,
                instance=instance,
                second_factor=instance.second_factor or "none",
            )
        messages.success(request, _("Saved."))
    return redirect("administration:access", slug=instance.slug)


def _rules(instance: Instance) -> QuerySet[AccessRule]:
    return AccessRule.objects.for_instance(instance).select_related("instance__organisation")


def _change(
    request: HttpRequest,
    rule: AccessRule,
    losing: QuerySet[Membership],
    action: Callable[[AccessRule], int],
    done: str,
) -> HttpResponse:
    """Run ``action`` if no member loses access or it is confirmed; else ask for confirmation."""
    if "confirmed" not in request.POST and (count := losing.count()):
        context = {
            "count": count,
            "named": list(losing.order_by("user__last_name", "user__first_name", "pk")[:_NAMED]),
            "unnamed_count": max(0, count - _NAMED),
            "sent": [
                (name, value)
                for name, values in request.POST.lists()
                if name != "csrfmiddlewaretoken"
                for value in values
            ],
        }
        return _page(request, "access_confirm.html", context)
    action(rule)
    messages.success(request, done)
    return redirect("administration:access", slug=rule.instance.slug)


def _form(request: HttpRequest, form: RuleForm) -> HttpResponse:
    federations = Identity.objects.exclude(federation="").values_list("federation", flat=True)
    context = {
        "form": form,
        "attributes": KNOWN_ATTRIBUTES,
        "federations": federations.distinct().order_by("federation"),
    }
    return _page(request, "access_rule.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    return render(request, f"administration/{template}", context | {"section": "access"})
