import django.db.models.deletion
from django.db import migrations, models

from instances.row_security import EnableRowSecurity


class Migration(migrations.Migration):

    dependencies = [
        ('ingestion', '0009_acronyms'),
        ('instances', '0010_batch_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='recognised_pages',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='document',
            name='scanned_pages',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='documentpage',
            name='ocr_confidence',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.CreateModel(
            name='ScannedPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('method', models.CharField(max_length=100)),
                ('content', models.JSONField(null=True)),
                ('error_code', models.CharField(blank=True, max_length=50)),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='scan_set', to='ingestion.document')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('document', 'number'), name='one_scan_per_page')],
            },
        ),
        EnableRowSecurity("ingestion_scannedpage"),
    ]
