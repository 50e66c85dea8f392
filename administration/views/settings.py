"""Settings of an instance: general, and answers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from administration.accent import accent_for
from administration.forms.model_rules import ModelRulesForm
from administration.forms.settings import AnswersForm, GeneralForm
from administration.settings_changes import save_changes, save_or_hold_back
from evaluation.held_changes.trying import open_change
from inference.backends import save_rules
from inference.catalogue import Refusal, model_choices
from inference.models import ModelRules
from instances.access.gates import instance_view
from instances.models import Membership


@require_safe
@instance_view("admin")
def index(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Redirect to the general settings."""
    return redirect("administration:general", slug=membership.instance.slug)


@require_http_methods(["GET", "POST"])
@instance_view("admin")
def general(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Edit name, texts, language and colour."""
    instance = membership.instance
    form = GeneralForm(request.POST or None, instance=instance)
    if form.is_valid():
        save_changes(form)
        messages.success(request, _("Saved."))
        return redirect("administration:general", slug=instance.slug)
    if form.is_bound:
        # The rest of the page shows the stored values.
        instance.refresh_from_db()
    accent = accent_for(instance.accent_colour) if instance.accent_colour else None
    context = {"form": form, "accent": accent, "section": "general"}
    return render(request, "administration/settings_general.html", context)


@require_http_methods(["GET", "POST"])
@instance_view("admin")
def answers(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Edit instructions, models, strictness, number of passages."""
    instance = membership.instance
    form = AnswersForm(request.POST or None, instance=instance)
    rules = ModelRules.objects.filter(instance=instance).first() or ModelRules(instance=instance)
    names = {
        choice.model.id: str(choice.model.label)
        for choice in model_choices(instance)
        if choice.refusal in (None, Refusal.INSTANCE) and not choice.model.is_extractive
    }
    rules_form = ModelRulesForm(request.POST or None, instance=rules, names=names)
    # Both are validated, so that all errors are shown.
    if all([form.is_valid(), rules_form.is_valid()]):
        held = save_or_hold_back(form, membership.user)
        save_rules(rules)
        if held is not None:
            messages.info(request, _("The change is being tried on the golden questions."))
            return redirect("evaluation:change", slug=instance.slug, change_id=held.pk)
        messages.success(request, _("Saved."))
        return redirect("administration:answers", slug=instance.slug)
    context = {
        "form": form,
        "rules_form": rules_form,
        "section": "answers",
        "open_change": open_change(instance),
    }
    return render(request, "administration/settings_answers.html", context)
