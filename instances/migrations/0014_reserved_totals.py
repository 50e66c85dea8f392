from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('instances', '0013_search_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='instancetotals',
            name='reserved_bytes',
            field=models.PositiveBigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='instancetotals',
            name='reserved_documents',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
