import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import ingestion.models
import pgvector.django.halfvec
import pgvector.django.sparsevec
import uuid
from django.conf import settings
from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations, models
from pgvector.django import VectorExtension


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('instances', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        VectorExtension(),
        # Lists of documents, and the search inside them, ignore accents.
        UnaccentExtension(),
        migrations.CreateModel(
            name='Document',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=255, verbose_name='name')),
                ('folder', models.CharField(blank=True, max_length=500, verbose_name='folder')),
                ('title', models.CharField(blank=True, max_length=500, verbose_name='title')),
                ('media_type', models.CharField(max_length=120, verbose_name='type')),
                ('size_bytes', models.PositiveBigIntegerField(verbose_name='size')),
                ('sha256', models.CharField(max_length=64)),
                ('file', models.FileField(max_length=200, upload_to=ingestion.models.stored_path)),
                ('status', models.CharField(choices=[('queued', 'Waiting'), ('parsing', 'Reading'), ('embedding', 'Preparing'), ('ready', 'Ready'), ('failed', 'Failed')], db_index=True, default='queued', max_length=10, verbose_name='status')),
                ('error_code', models.CharField(blank=True, max_length=50)),
                ('warnings', models.JSONField(blank=True, default=list)),
                ('attempt', models.PositiveIntegerField(default=1)),
                ('interruptions', models.PositiveSmallIntegerField(default=0)),
                ('retries', models.PositiveSmallIntegerField(default=0)),
                ('language', models.CharField(blank=True, max_length=5)),
                ('unit', models.CharField(choices=[('page', 'page'), ('slide', 'slide'), ('sheet', 'sheet'), ('section', 'section'), ('message', 'message')], default='page', max_length=10)),
                ('pages', models.PositiveIntegerField(default=0)),
                ('chunks', models.PositiveIntegerField(default=0)),
                ('embedded_chunks', models.PositiveIntegerField(default=0)),
                ('embedding_model', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('queued_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('worker_seen_at', models.DateTimeField(blank=True, null=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
                ('uploaded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Chunk',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField()),
                ('text', models.TextField()),
                ('heading', models.CharField(blank=True, max_length=500)),
                ('page_start', models.PositiveIntegerField()),
                ('page_end', models.PositiveIntegerField()),
                ('char_start', models.PositiveIntegerField()),
                ('char_end', models.PositiveIntegerField()),
                ('token_count', models.PositiveIntegerField()),
                ('embedding', pgvector.django.halfvec.HalfVectorField(null=True)),
                ('terms', pgvector.django.sparsevec.SparseVectorField(dimensions=1000000000, null=True)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='chunk_set', to='ingestion.document')),
            ],
        ),
        migrations.CreateModel(
            name='DocumentPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('label', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField()),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='page_set', to='ingestion.document')),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
            ],
        ),
        migrations.CreateModel(
            name='TermStatistics',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('term', models.PositiveIntegerField()),
                ('document_frequency', models.PositiveIntegerField()),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
            ],
        ),
        migrations.CreateModel(
            name='CorpusStatistics',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chunk_count', models.PositiveIntegerField(db_default=0, default=0)),
                ('centroid', pgvector.django.halfvec.HalfVectorField(null=True)),
                ('cosine_sigma', models.FloatField(null=True)),
                ('cosine_chunk_count', models.PositiveIntegerField(db_default=0, default=0)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('instance',), name='one_statistics_row_per_instance')],
            },
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['instance', '-created_at'], name='ingestion_d_instanc_9c6ec9_idx'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['instance', 'name'], name='ingestion_d_instanc_92ff5e_idx'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['instance', 'status'], name='ingestion_d_instanc_d723e6_idx'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(fields=['instance', 'updated_at'], name='ingestion_d_instanc_d75fb6_idx'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('status', 'ready')), fields=['embedding_model', 'instance'], name='document_ready_by_model'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('status__in', ['queued', 'parsing']), ('worker_seen_at', None)), fields=['instance', 'queued_at'], name='document_waits_for_parsing'),
        ),
        migrations.AddIndex(
            model_name='document',
            index=models.Index(condition=models.Q(('status', 'embedding'), ('worker_seen_at', None)), fields=['instance', 'queued_at'], name='document_waits_for_embedding'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(fields=('instance', 'sha256'), name='same_bytes_once'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.CheckConstraint(condition=models.Q(('file', django.db.models.functions.text.Concat(django.db.models.functions.comparison.Cast('instance', models.TextField()), models.Value('/', models.TextField()), django.db.models.functions.comparison.Cast('id', models.TextField()), output_field=models.TextField()))), name='file_is_its_own'),
        ),
        migrations.AddConstraint(
            model_name='chunk',
            constraint=models.UniqueConstraint(fields=('document', 'position'), name='one_chunk_per_position'),
        ),
        migrations.AddConstraint(
            model_name='documentpage',
            constraint=models.UniqueConstraint(fields=('document', 'number'), name='one_row_per_page'),
        ),
        migrations.AddConstraint(
            model_name='termstatistics',
            constraint=models.UniqueConstraint(fields=('instance', 'term'), name='one_row_per_term'),
        ),
        # A search reads the vectors of every chunk and the text of a few: vectors stay in the row,
        # text moves out of it. PostgreSQL's choice would be the opposite.
        migrations.RunSQL(
            "ALTER TABLE ingestion_chunk ALTER embedding SET STORAGE MAIN, ALTER terms SET STORAGE MAIN",
            "ALTER TABLE ingestion_chunk ALTER embedding SET STORAGE EXTERNAL, ALTER terms SET STORAGE EXTERNAL",
        ),
    ]
