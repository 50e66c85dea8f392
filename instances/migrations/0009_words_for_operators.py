from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("instances", "0008_members_newest_first")]
    operations = [
        migrations.AlterModelOptions(
            name="instance",
            options={
                "ordering": ["name"],
                "verbose_name": "instance",
                "verbose_name_plural": "instances",
            },
        ),
    ]
