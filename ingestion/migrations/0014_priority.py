from importlib import import_module

from django.db import migrations, models

# The turns of 0005, in which documents of one instance had but their order of arrival.
_TURNS = import_module("ingestion.migrations.0005_turns")
_BY_PRIORITY = ("ORDER BY d.queued_at, d.id LIMIT 1", "ORDER BY d.priority DESC, d.queued_at, d.id LIMIT 1")


def _function(name, query):
    return (
        f"CREATE OR REPLACE FUNCTION {name}(slots integer, large_bytes bigint)"
        " RETURNS TABLE (instance_id bigint, document_id uuid, attempt integer)"
        " LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$"
        " #variable_conflict use_column\n"
        f"BEGIN PERFORM set_config('ragapp.function', '{name}', true);"
        f" RETURN QUERY {query};"
        " PERFORM set_config('ragapp.function', '', true); END $$"
    )


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0013_recordings'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='priority',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='resumableupload',
            name='priority',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.RemoveIndex(model_name='document', name='document_waits_for_parsing'),
        migrations.RemoveIndex(model_name='document', name='document_waits_for_embedding'),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('status__in', ['queued', 'parsing']), ('worker_seen_at', None)), fields=['instance', '-priority', 'queued_at', 'id'], name='document_turn_to_parse'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('status', 'embedding'), ('worker_seen_at', None)), fields=['instance', '-priority', 'queued_at', 'id'], name='document_turn_to_embed'),
        ),
        *(
            migrations.RunSQL(
                _function(name, query.replace(*_BY_PRIORITY)), _function(name, query)
            )
            for name, query in (
                ("document_to_parse", _TURNS.PARSE),
                ("document_to_embed", _TURNS.EMBED),
            )
        ),
    ]
