from django.db import migrations

from instances.row_security import FunctionAcrossInstances


class Migration(migrations.Migration):
    dependencies = [("sources", "0001_initial")]
    operations = [
        FunctionAcrossInstances(
            "source_runs_since",
            tables=["sources_sourcerun"],
            arguments="moment timestamptz",
            returns="status varchar, runs bigint",
            query="SELECT status, count(*) FROM sources_sourcerun"
            " WHERE status IN ('queued', 'listing', 'fetching', 'removing')"
            " OR finished_at >= moment GROUP BY status",
        ),
        FunctionAcrossInstances(
            "failing_sources",
            tables=["sources_source"],
            returns="sources bigint",
            query="SELECT count(*) FROM sources_source WHERE failures > 0",
        ),
    ]
