"""Job templates: for operators only, with clear errors, without a way to leave jobs behind."""

import pytest
from django.urls import reverse
from django.utils import timezone

from inference.models import Backend, JobTemplate, ServerJob
from inference.slurm.sentences import SENTENCES
from instances.models import AuditEntry
from instances.tenancy import overseeing
from tests.administration.views.consoles.conftest import url
from tests.factories import UserFactory
from tests.inference.factories import BackendFactory, JobTemplateFactory, ServerJobFactory
from tests.instances.audit.forms import BACKEND, JOB_TEMPLATE


@pytest.fixture
def operator(db, client_for, settings):
    settings.SLURM_COMMAND_PREFIXES = ["", "ssh login"]
    return client_for(UserFactory(is_staff=True))


def of_site(name, *arguments):
    return reverse(f"administration:site_{name}", args=arguments)


def test_operator_adds_a_backend_that_slurm_runs(operator):
    operator.post(of_site("backend_new"), BACKEND | {"base_url": ""})
    backend = Backend.objects.get()
    assert "No job template yet" in operator.get(of_site("backend", backend.pk)).text
    assert "{{token}}" in operator.get(of_site("job_template", backend.pk)).text
    operator.post(of_site("job_template", backend.pk), JOB_TEMPLATE)
    template = JobTemplate.objects.get()
    assert template.script == "#!/bin/bash\ncurl -d token={{token}} {{ register_url }}\n"
    assert template.networks == "10.20.0.0/16, 127.0.0.1/32"
    assert "No job template yet" not in operator.get(of_site("backend", backend.pk)).text
    operator.post(of_site("job_template", backend.pk), JOB_TEMPLATE | {"max_jobs": 9})
    with overseeing():
        added, changed = AuditEntry.objects.filter(action__startswith="job_template").order_by("at")
    assert (added.target, changed.detail) == ("GPU", {"max_jobs": [2, 9]})


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"script": "echo {{token}} {{register_url}}"}, "what runs it"),
        ({"script": "#!/bin/sh\n{{token}} {{register_url}} {{tokn}}"}, "placeholders: tokn"),
        ({"script": "#!/bin/sh\n{{token}}"}, "are missing: register_url"),
        ({"networks": "everywhere"}, "such as 10.20.0.0/16"),
        ({"networks": ""}, "This field is required"),
        ({"partition": "gpu; rm -rf"}, "name of a partition"),
        ({"model_path": "a b"}, "without spaces"),
        ({"min_jobs": 3}, "More than the jobs at most"),
        ({"wall_minutes": 10}, "more time than its longest start"),
        ({"site_url": "https://x/`id`"}, "begins with http"),
        ({"command_prefix": "sudo"}, "Select a valid choice"),
    ],
    ids=lambda value: "=".join(map(str, *value.items())) if isinstance(value, dict) else "",
)
def test_wrong_template_is_refused_with_the_reason(operator, wrong, message):
    backend = BackendFactory(base_url="")
    page = operator.post(of_site("job_template", backend.pk), JOB_TEMPLATE | wrong)
    assert message in page.text.replace("&#x27;", "'")
    assert not JobTemplate.objects.exists()


def test_organisation_cannot_have_its_backend_run_by_slurm(organisation, browser, operator):
    form = BACKEND | {"base_url": ""}
    page = browser.post(url(organisation, "organisation_backend_new"), form)
    assert "This field is required" in page.text
    assert not Backend.objects.exists()
    backend = JobTemplateFactory().backend
    for name in ("job_template", "job_template_remove"):
        path = of_site(name, backend.pk)
        assert {browser.get(path).status_code, browser.post(path).status_code} <= {404, 405}
    assert JobTemplate.objects.exists()
    theirs = BackendFactory(owner=organisation, base_url="")
    assert operator.get(of_site("job_template", theirs.pk)).status_code == 404


def test_nothing_of_slurm_is_offered_where_it_is_not_set_up(operator, settings):
    settings.SLURM_COMMAND_PREFIXES = []
    page = operator.post(of_site("backend_new"), BACKEND | {"base_url": ""})
    assert "This field is required" in page.text
    assert "Slurm" not in page.text
    backend = BackendFactory(base_url="")
    assert operator.get(of_site("job_template", backend.pk)).status_code == 404
    assert "SLURM_COMMAND_PREFIXES" in operator.get(of_site("backend", backend.pk)).text


@pytest.mark.parametrize(
    ("state", "is_kept"), [(ServerJob.State.READY, True), (ServerJob.State.ENDED, False)]
)
def test_backend_with_jobs_is_not_removed(operator, state, is_kept):
    template = ServerJobFactory(state=state).template
    for page in ("job_template_remove", "backend_remove"):
        operator.post(of_site(page, template.backend_id))
        assert JobTemplate.objects.exists() is is_kept
    operator.post(of_site("backend_edit", template.backend_id), BACKEND)
    assert Backend.objects.filter(base_url="").exists() is is_kept


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("no_command", "Install slurm-client"),
        ("partition", "does not accept the partition"),
        ("ended_early", "ended before it registered"),
        ("late", "did not register in time"),
    ],
)
def test_last_error_is_told_with_what_to_do(operator, reason, sentence):
    job = ServerJobFactory(state=ServerJob.State.ENDED, reason=reason, detail="sbatch: error: no")
    page = operator.get(of_site("backend", job.template.backend_id)).text
    assert sentence in page.split("<table")[0]
    assert "sbatch: error: no" in page
    # Not after a job that has answered.
    ServerJobFactory(template=job.template, state=ServerJob.State.READY, ready_at=timezone.now())
    page = operator.get(of_site("backend", job.template.backend_id)).text
    assert sentence not in page.split("<table")[0]
    assert "answering" in page


def test_operator_starts_and_stops_a_job(operator):
    template = JobTemplateFactory(max_jobs=1, partition="gpu")
    page = of_site("backend", template.backend_id)
    assert "Start a job" in operator.get(page).text
    for said in ("being submitted", "has its most jobs already"):
        start = of_site("job_start", template.backend_id)
        assert said in operator.post(start, follow=True).text
    job = ServerJob.objects.get()
    assert (job.state, job.partition, job.is_manual) == ("requested", "gpu", True)
    ServerJob.objects.update(state="ready", slurm_id=41, token_hash="x")
    shown = operator.get(page).text
    stop = of_site("job_stop", template.backend_id, job.pk)
    assert f'action="{stop}"' in shown
    assert "Stop job 41?" in shown
    assert "gets no more questions" in operator.post(stop, follow=True).text
    job.refresh_from_db()
    assert (job.state, job.reason, job.token_hash) == ("draining", "stopped", "")
    assert job.draining_at is not None
    assert stop not in operator.get(page).text
    assert "already ending" in operator.post(stop, follow=True).text
    with overseeing():
        acts = AuditEntry.objects.filter(action__startswith="job.").order_by("at")
        assert [(act.action, act.detail) for act in acts] == [
            ("job.started", {"job": job.pk}),
            ("job.stopped", {"job": job.pk}),
        ]


def test_no_job_of_a_disabled_or_another_backend(operator, browser):
    disabled = JobTemplateFactory(backend__is_enabled=False)
    assert "disabled" in operator.post(of_site("job_start", disabled.backend_id), follow=True).text
    job = ServerJobFactory()
    wrong = of_site("job_stop", disabled.backend_id, job.pk)
    assert operator.post(wrong).status_code == 404
    for path in (
        of_site("job_start", job.template.backend_id),
        of_site("job_stop", job.template.backend_id, job.pk),
    ):
        assert browser.post(path).status_code == 404
        assert operator.get(path).status_code == 405
    assert list(ServerJob.objects.values_list("state", flat=True)) == ["requested"]


def test_every_reason_has_a_sentence():
    assert set(SENTENCES) == set(ServerJob.Reason)


def test_connection_test_says_that_no_job_runs(transactional_db, operator):
    backend = JobTemplateFactory().backend
    page = operator.post(of_site("backend_test", backend.pk))
    assert "No job of this backend runs" in page.text
