"""Deletion of an instance with all its contents and no others, and its proof."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import LoginRule, MetadataFeed
from administration.lifecycle import contents, deletion, status
from administration.lifecycle.contents import count_everything, models_of_instance, tenant_models
from administration.tasks import delete_due_instances
from inference.models import ModelRules
from instances.access import charters
from instances.errors import InstanceNotEmpty, WrongStatus
from instances.models import AuditEntry, DeletionRecord, Instance
from instances.tenancy import tenant
from tests.all_factories import FACTORIES
from tests.factories import DocumentFactory, TenantFactory
from tests.usage.factories import QuotaCounterFactory, QuotaFactory


@pytest.fixture(autouse=True)
def at_once(settings):
    settings.DELETION_GRACE_DAYS = 0


def fill(instance):
    """At least one row in every tenant table, and files."""
    made = [
        factory
        for model, factory in FACTORIES.items()
        if model in tenant_models() and issubclass(factory, TenantFactory)
    ]
    assert {factory._meta.model for factory in made} == set(tenant_models())
    for factory in made:
        factory(instance=instance)
    charters.publish(instance=instance, text_fr="Lisez.", text_en="", user_id=None)
    ModelRules.objects.create(instance=instance, max_tokens=300)
    quota = QuotaFactory(instance=instance)
    with tenant(instance):
        QuotaCounterFactory(quota=quota, instance=instance)
    feed, _created = MetadataFeed.objects.get_or_create(name="Test", url="https://feed.example/")
    LoginRule.objects.create(organisation=instance.organisation, instance=instance, feed=feed)


def test_deletion_removes_all_rows_and_files_of_one_instance(cast):
    fill(cast.instance)
    fill(cast.other_instance)
    number, others = cast.instance.pk, count_everything(cast.other_instance.pk)
    held = count_everything(number)
    assert min(held.values()) > 0
    status.request_deletion(cast.instance, by=cast.owner)

    record = deletion.delete_instance(cast.instance)

    assert record.before == held
    assert record.after.keys() == held.keys()
    assert set(record.after.values()) == {0}
    assert set(count_everything(number).values()) == {0}
    assert count_everything(cast.other_instance.pk) == others
    assert not Instance.objects.filter(slug="law").exists()
    assert (record.slug, record.instance_number) == ("law", number)
    assert (record.requested_by_id, record.requested_by_name) == (cast.owner.pk, "owner")
    with tenant(number):
        assert AuditEntry.objects.filter(action="instance.deleted").count() == 1


def test_every_table_has_a_label(db):
    tables = {model._meta.db_table for model in models_of_instance()}
    assert tables | {contents.FILES, contents.BYTES} == contents.LABELS.keys()


def test_task_deletes_only_due_instances(cast, settings):
    settings.DELETION_GRACE_DAYS = 30
    status.request_deletion(cast.instance, by=cast.owner)
    delete_due_instances()
    assert Instance.objects.count() == 2
    Instance.objects.filter(slug="law").update(deletion_due_at=timezone.now())
    Instance.objects.filter(slug="physics").update(deletion_due_at=timezone.now())
    delete_due_instances()
    assert [instance.slug for instance in Instance.objects.all()] == ["physics"]
    delete_due_instances()
    assert DeletionRecord.objects.count() == 1


def test_instance_without_request_is_not_deleted(cast):
    with pytest.raises(WrongStatus):
        deletion.delete_instance(cast.instance)
    assert Instance.objects.filter(slug="law").exists()


STEPS = ("_delete_rows", "_delete_files", "_finish", "count_everything")


class Killed(BaseException):
    """The process is gone; nothing in the code catches this."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", STEPS)
def test_interrupted_deletion_is_completed_by_next_run(cast, monkeypatch, step):
    """Between any two steps; ``count_everything`` is the second one, after the instance went."""
    fill(cast.instance)
    held = count_everything(cast.instance.pk)
    status.request_deletion(cast.instance, by=cast.owner)
    with monkeypatch.context() as patch:
        patch.setattr(deletion, step, killed_when_emptied(getattr(deletion, step), step))
        with pytest.raises(Killed):
            deletion.delete_instance(cast.instance)
    assert not DeletionRecord.objects.exists()
    assert Instance.objects.filter(slug="law", status="deleting").exists()

    delete_due_instances()

    record = DeletionRecord.objects.get()
    assert record.before == held
    assert set(record.after.values()) == {0}


def killed_when_emptied(function, step):
    def kill(instance_id, *arguments):
        if step == "count_everything" and Instance.objects.filter(pk=instance_id).exists():
            return function(instance_id, *arguments)
        raise Killed

    return kill


@pytest.mark.django_db(transaction=True)
def test_file_uploaded_during_deletion_is_deleted(cast, monkeypatch):
    number = cast.instance.pk
    status.request_deletion(cast.instance, by=cast.owner)
    late = iter([True])
    finish = deletion._finish

    def upload_then_finish(instance_id):
        if next(late, False):
            DocumentFactory(instance=cast.instance)
        return finish(instance_id)

    monkeypatch.setattr(deletion, "_finish", upload_then_finish)
    record = deletion.delete_instance(cast.instance)
    assert set(record.after.values()) == {0}
    assert not default_storage.exists(str(number))


@pytest.mark.django_db(transaction=True)
def test_deletion_that_cannot_complete_is_not_recorded(cast, monkeypatch, settings):
    stubborn = Path(settings.MEDIA_ROOT) / str(cast.instance.pk) / "stubborn"
    stubborn.parent.mkdir(parents=True)
    stubborn.write_text("held by another program")
    monkeypatch.setattr(deletion, "_delete_files", lambda storage, directory: None)
    status.request_deletion(cast.instance, by=cast.owner)
    with pytest.raises(InstanceNotEmpty):
        deletion.delete_instance(cast.instance)
    assert Instance.objects.filter(slug="law").exists()
    assert not DeletionRecord.objects.exists()
    monkeypatch.undo()
    settings.DELETION_GRACE_DAYS = 0
    delete_due_instances()
    assert DeletionRecord.objects.get().before["files"] == 1


def test_grace_days_start_at_the_request(cast, settings):
    settings.DELETION_GRACE_DAYS = 12
    before = timezone.now()
    status.request_deletion(cast.instance, by=cast.owner)
    cast.instance.refresh_from_db()
    assert timedelta(0) <= cast.instance.deletion_due_at - before - timedelta(12) < timedelta(0, 60)
