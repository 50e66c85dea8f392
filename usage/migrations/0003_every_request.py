import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("instances", "0005_cost_centre"), ("usage", "0002_row_security")]
    operations = [
        migrations.RenameField("usagerecord", "answer_id", "request_id"),
        migrations.AlterField("usagerecord", "request_id", models.UUIDField()),
        migrations.RenameField("usagerecord", "status", "outcome"),
        migrations.AlterField(
            "usagerecord",
            "outcome",
            models.CharField(
                choices=[
                    ("complete", "Complete"),
                    ("nothing_found", "Nothing found"),
                    ("stopped", "Stopped"),
                    ("failed", "Interrupted"),
                    ("cached", "Reused"),
                ],
                max_length=15,
            ),
        ),
        migrations.AlterField(
            "usagerecord", "model", models.CharField(blank=True, max_length=200)
        ),
        migrations.AlterField(
            "usagerecord",
            "method",
            models.CharField(
                choices=[
                    ("measured", "measured at the servers"),
                    ("calibrated", "from the model's measured energy per token"),
                    ("modelled", "modelled with EcoLogits"),
                    ("local", "from processor time"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField("usagerecord", "method_version", models.CharField(max_length=120)),
        migrations.AddField("usagerecord", "kind", models.CharField(
                choices=[
                    ("answer", "Answer"),
                    ("rewriting", "Rewriting of a question"),
                    ("embedding", "Search for passages"),
                    ("rerank", "Reranking"),
                    ("ingestion", "Indexing of a document"),
                    ("transcription", "Transcription"),
                ],
                default="answer",
                max_length=15,
            )),
        migrations.AddField("usagerecord", "is_extractive", models.BooleanField(default=False)),
        migrations.AddField("usagerecord", "organisation", models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="instances.organisation",
            )),
        migrations.AddField("usagerecord", "cost_centre", models.CharField(blank=True, default="", max_length=60), preserve_default=False),
        migrations.AddField("usagerecord", "pseudonym", models.UUIDField(null=True)),
        migrations.AddField("usagerecord", "backend_id", models.BigIntegerField(null=True)),
        migrations.AddField("usagerecord", "backend_name", models.CharField(blank=True, default="", max_length=200), preserve_default=False),
        migrations.AddField("usagerecord", "serving_organisation", models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="instances.organisation",
            )),
        migrations.AddField("usagerecord", "cached_tokens", models.PositiveIntegerField(null=True)),
        migrations.AddField("usagerecord", "reasoning_tokens", models.PositiveIntegerField(null=True)),
        migrations.AddField("usagerecord", "pages", models.PositiveIntegerField(default=0)),
        migrations.AddField("usagerecord", "passages", models.PositiveIntegerField(default=0)),
        migrations.AddField("usagerecord", "queue_ms", models.PositiveIntegerField(default=0)),
        migrations.AddField("usagerecord", "energy_min_wh", models.FloatField(default=0.0)),
        migrations.AddField("usagerecord", "energy_max_wh", models.FloatField(default=0.0)),
        migrations.AddField("usagerecord", "prefill_wh", models.FloatField(null=True)),
        migrations.AddField("usagerecord", "decode_wh", models.FloatField(null=True)),
        migrations.AddField("usagerecord", "idle_wh", models.FloatField(null=True)),
        migrations.AddField("usagerecord", "avoided_wh", models.FloatField(default=0.0)),
        migrations.AddField("usagerecord", "carbon_g_per_kwh", models.FloatField(default=0.0)),
        migrations.AddField("usagerecord", "carbon_source", models.CharField(blank=True, default="", max_length=120), preserve_default=False),
        migrations.AddField("usagerecord", "water_l", models.FloatField(null=True)),
        migrations.AddField("usagerecord", "adpe_kg_sb", models.FloatField(null=True)),
        migrations.AddField("usagerecord", "cost", models.DecimalField(decimal_places=8, max_digits=16, null=True)),
        migrations.AddField("usagerecord", "currency", models.CharField(blank=True, default="", max_length=3), preserve_default=False),
        migrations.AddField("usagerecord", "subject", models.CharField(blank=True, default="", max_length=3), preserve_default=False),
        migrations.AddField("usagerecord", "subject_margin", models.FloatField(null=True)),
        migrations.AddConstraint(
            "usagerecord",
            models.UniqueConstraint(fields=["request_id", "kind"], name="one_record_per_request"),
        ),
    ]
