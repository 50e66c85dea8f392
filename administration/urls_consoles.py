"""URLs of the consoles of operators and organisations, and of the pages of every level."""

from django.urls import URLPattern, URLResolver, include, path

from administration.views import audit, charters
from administration.views.consoles import (
    administrators,
    backend_test,
    backends,
    deletions,
    instance,
    instance_requests,
    instances,
    job_templates,
    language_models,
    operators,
    organisations,
    people,
    settings,
)
from administration.views.usage import dashboards, exports, observatory, quotas, statements


def level_urls(level: str) -> list[URLPattern]:
    """Audit log, usage charter and quotas at ``site``, ``organisation`` or ``instance``."""
    pages = [
        ("audit/", audit.index, "audit"),
        ("audit/export.<slug:kind>", audit.export, "audit_export"),
        ("charter/", charters.index, "charter"),
        ("charter/publish/", charters.publish, "charter_publish"),
        ("charter/withdraw/", charters.withdraw, "charter_withdraw"),
        ("charter/<int:number>/", charters.version, "charter_version"),
        ("charter/<int:number>/acceptances.csv", charters.acceptances, "charter_acceptances"),
        ("quotas/", quotas.index, "quotas"),
        ("quotas/new/", quotas.create, "quota_new"),
        ("quotas/<int:quota_id>/", quotas.edit, "quota"),
        ("quotas/<int:quota_id>/remove/", quotas.remove, "quota_remove"),
    ]
    return [
        path(route, getattr(views, level), name=f"{level}_{name}") for route, views, name in pages
    ]


def backend_urls(level: str) -> list[URLPattern]:
    """Backends and their models at ``site`` or ``organisation``."""
    one, model = "backends/<int:backend_id>/", "backends/<int:backend_id>/models/"
    pages = [
        ("backends/", backends.index, "backends"),
        ("backends/new/", backends.create, "backend_new"),
        (one, backends.detail, "backend"),
        (f"{one}edit/", backends.edit, "backend_edit"),
        (f"{one}switch/", backends.switch, "backend_switch"),
        (f"{one}test/", backend_test, "backend_test"),
        (f"{model}new/", language_models.create, "model_new"),
        (f"{model}<int:model_id>/", language_models.edit, "model"),
        (f"{model}<int:model_id>/remove/", language_models.remove, "model_remove"),
        (f"{one}remove/", backends.remove, "backend_remove"),
    ]
    return [
        path(route, getattr(views, level), name=f"{level}_{name}") for route, views, name in pages
    ]


managed_instance_urls = [
    path("", instance.page, name="managed_instance"),
    path("members/add/", instance.add_member, name="managed_member_add"),
    path("members/<int:member_id>/role/", instance.change_role, name="managed_member_role"),
    path("members/<int:member_id>/remove/", instance.remove_member, name="managed_member_remove"),
    path("quotas/", instance.change_quotas, name="managed_quotas"),
    path("suspend/", instance.suspend, name="managed_suspend"),
    path("archive/", instance.archive, name="managed_archive"),
    path("reactivate/", instance.reactivate, name="managed_reactivate"),
    path("transfer/", instance.transfer, name="managed_transfer"),
    path("delete/", instance.delete, name="managed_delete"),
    path("cancel/", instance.cancel_deletion, name="managed_cancel_deletion"),
]

organisation_urls: list[URLPattern | URLResolver] = [
    path("", instances.index, name="organisation"),
    path("instances/<slug:instance>/", include(managed_instance_urls)),
    path("requests/", instance_requests.index, name="organisation_requests"),
    path("requests/<int:request_id>/approve/", instance_requests.approve, name="request_approve"),
    path("requests/<int:request_id>/refuse/", instance_requests.refuse, name="request_refuse"),
    path("people/", people.index, name="organisation_people"),
    path("administrators/", administrators.index, name="organisation_administrators"),
    path(
        "administrators/<int:administrator_id>/remove/",
        administrators.remove,
        name="administrator_remove",
    ),
    path("settings/", settings.index, name="organisation_settings"),
    path("deletions/", deletions.index, name="organisation_deletions"),
    *backend_urls("organisation"),
    path("backends/shared/<int:shared_id>/", backends.access, name="organisation_backend_access"),
    path(
        "backends/shared/<int:shared_id>/test/",
        backend_test.shared,
        name="organisation_backend_access_test",
    ),
    path("backends/rules/", backends.change_rules, name="organisation_model_rules"),
    path("backends/turns/", backends.change_turns, name="organisation_queue_turns"),
    path("usage/", dashboards.organisation, name="organisation_usage"),
    path("usage/export.<slug:kind>", exports.organisation, name="organisation_usage_export"),
    path("usage/observatory/", observatory.organisation, name="organisation_observatory"),
    path(
        "usage/observatory/export.<slug:kind>",
        exports.organisation_observatory,
        name="organisation_observatory_export",
    ),
    path("statements/", statements.organisation, name="organisation_statements"),
    path("statements/statement.<slug:kind>", statements.export, name="statement_export"),
    *level_urls("organisation"),
]

operator_urls = [
    path("", organisations.index, name="organisations"),
    path("new/", organisations.create, name="new_organisation"),
    path("operators/", operators.index, name="operators"),
    path("operators/<int:user_id>/remove/", operators.remove, name="operator_remove"),
    *backend_urls("site"),
    path("backends/environment/test/", backend_test.environment, name="site_environment_test"),
    path("backends/<int:backend_id>/jobs/", job_templates.edit, name="site_job_template"),
    path("backends/<int:backend_id>/jobs/start/", job_templates.start_job, name="site_job_start"),
    path(
        "backends/<int:backend_id>/jobs/<int:job_id>/stop/",
        job_templates.stop_job,
        name="site_job_stop",
    ),
    path(
        "backends/<int:backend_id>/jobs/remove/",
        job_templates.remove,
        name="site_job_template_remove",
    ),
    path("usage/", dashboards.site, name="site_usage"),
    path("usage/export.<slug:kind>", exports.site, name="site_usage_export"),
    path("usage/observatory/", observatory.site, name="site_observatory"),
    path(
        "usage/observatory/export.<slug:kind>",
        exports.site_observatory,
        name="site_observatory_export",
    ),
    path("statements/", statements.site, name="site_statements"),
    *level_urls("site"),
]
