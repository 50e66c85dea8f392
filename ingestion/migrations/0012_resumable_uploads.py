import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from instances.row_security import EnableRowSecurity, FunctionAcrossInstances

# As the totals of documents (0003_totals), counted by the database: the room of a file that is being
# received is taken.
_FUNCTION = """
CREATE FUNCTION keep_reserved_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.state = 'receiving' THEN
    UPDATE instances_instancetotals SET
      reserved_documents = reserved_documents - 1,
      reserved_bytes = reserved_bytes - OLD.length_bytes
    WHERE instance_id = OLD.instance_id;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.state = 'receiving' THEN
    INSERT INTO instances_instancetotals AS totals
      (instance_id, documents, stored_bytes, reserved_documents, reserved_bytes)
    VALUES (NEW.instance_id, 0, 0, 1, NEW.length_bytes)
    ON CONFLICT (instance_id) DO UPDATE SET
      reserved_documents = totals.reserved_documents + 1,
      reserved_bytes = totals.reserved_bytes + excluded.reserved_bytes;
  END IF;
  RETURN NULL;
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0011_search_index'),
        ('instances', '0014_reserved_totals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ResumableUpload',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('by_key', models.BooleanField(default=False)),
                ('name', models.CharField(max_length=255)),
                ('folder', models.CharField(blank=True, max_length=500)),
                ('sensitivity', models.CharField(blank=True, choices=[('public', 'Public: anyone may read them'), ('internal', 'Internal: for staff'), ('restricted', 'Restricted: for named people, or with personal data')], default='', max_length=10)),
                ('replaces', models.UUIDField(null=True)),
                ('metadata', models.TextField(blank=True)),
                ('length_bytes', models.PositiveBigIntegerField()),
                ('offset_bytes', models.PositiveBigIntegerField(default=0)),
                ('pieces', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, size=None)),
                ('state', models.CharField(choices=[('receiving', 'Receiving'), ('stored', 'Stored'), ('refused', 'Refused')], default='receiving', max_length=10)),
                ('document', models.UUIDField(null=True)),
                ('is_new', models.BooleanField(default=False)),
                ('error_code', models.CharField(blank=True, max_length=50)),
                ('finishing_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'receiving')), fields=['instance', 'created_at'], name='upload_being_received')],
                'constraints': [models.CheckConstraint(condition=models.Q(('offset_bytes__lte', models.F('length_bytes'))), name='upload_within_its_length')],
            },
        ),
        EnableRowSecurity("ingestion_resumableupload"),
        migrations.RunSQL(
            (
                _FUNCTION,
                "CREATE TRIGGER reserved_totals AFTER INSERT OR DELETE OR UPDATE OF state"
                " ON ingestion_resumableupload"
                " FOR EACH ROW EXECUTE FUNCTION keep_reserved_totals()",
            ),
            (
                "DROP TRIGGER reserved_totals ON ingestion_resumableupload",
                "DROP FUNCTION keep_reserved_totals",
            ),
        ),
        FunctionAcrossInstances(
            "outstanding_upload_bytes",
            tables=["ingestion_resumableupload"],
            returns="bytes bigint",
            # What is still to come, and the document beside the pieces.
            query="SELECT coalesce(sum(2 * u.length_bytes - u.offset_bytes), 0)::bigint"
            " FROM ingestion_resumableupload u WHERE u.state = 'receiving'",
        ),
        FunctionAcrossInstances(
            "uploads_left_unfinished",
            tables=["ingestion_resumableupload"],
            returns="instance_id bigint, upload_id uuid",
            query="SELECT u.instance_id, u.id FROM ingestion_resumableupload u"
            " WHERE u.state = 'receiving' AND u.offset_bytes = u.length_bytes"
            " AND u.error_code = '' AND u.received_at < now() - interval '20 seconds'"
            " AND (u.finishing_until IS NULL OR u.finishing_until < now())"
            " ORDER BY u.received_at LIMIT 100",
        ),
        FunctionAcrossInstances(
            "expired_uploads",
            tables=["ingestion_resumableupload"],
            returns="instance_id bigint, upload_id uuid",
            query="SELECT u.instance_id, u.id FROM ingestion_resumableupload u"
            " WHERE u.expires_at <= now()"
            " AND (u.finishing_until IS NULL OR u.finishing_until < now()) LIMIT 10000",
        ),
    ]
