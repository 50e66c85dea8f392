import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('instances', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UsageRecord',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('answer_id', models.UUIDField(unique=True)),
                ('model', models.CharField(max_length=200)),
                ('status', models.CharField(choices=[('streaming', 'Being written'), ('complete', 'Complete'), ('nothing_found', 'Nothing found'), ('stopped', 'Stopped'), ('failed', 'Interrupted')], max_length=15)),
                ('prompt_tokens', models.PositiveIntegerField(default=0)),
                ('completion_tokens', models.PositiveIntegerField(default=0)),
                ('tokens_estimated', models.BooleanField(default=False)),
                ('retrieval_ms', models.PositiveIntegerField(default=0)),
                ('first_token_ms', models.PositiveIntegerField(null=True)),
                ('total_ms', models.PositiveIntegerField(default=0)),
                ('cpu_seconds', models.FloatField(default=0.0)),
                ('energy_wh', models.FloatField(default=0.0)),
                ('gco2e_usage', models.FloatField(default=0.0)),
                ('gco2e_embodied', models.FloatField(default=0.0)),
                ('method', models.CharField(max_length=20)),
                ('method_version', models.CharField(max_length=60)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('api_key', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='instances.apikey')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['instance', '-created_at'], name='usage_usage_instanc_a03617_idx')],
            },
        ),
    ]
