from django.db import migrations

from instances.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_initial")]
    operations = [
        EnableRowSecurity("usage_usagerecord"),
    ]
