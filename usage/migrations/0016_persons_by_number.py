from django.db import migrations

from instances.row_security import FunctionAcrossInstances

# As before. A person in several instances counts once: persons are numbered, and are bits of the
# cells that they used. Distinct pairs of cells and persons took most of the time of a month.
_PERSONS = """
SELECT name.dimension, name.value, counted.persons
FROM (
  SELECT block.cell, sum(bit_count(block.bits::bit(64)))::bigint AS persons FROM (
    SELECT used.cell, bit_or(1::bigint << (one.number & 63)) AS bits
    FROM (
      SELECT dense_rank() OVER (ORDER BY record.person COLLATE "C")::integer AS number, record.cells
      FROM usage_monthlyperson AS record
      WHERE record.month = of_month
        AND (organisation IS NULL OR record.organisation_id = organisation)
    ) AS one CROSS JOIN LATERAL unnest(one.cells) AS used(cell)
    GROUP BY used.cell, one.number >> 6
  ) AS block GROUP BY block.cell
) AS counted JOIN usage_cellname AS name ON name.id = counted.cell
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0015_evaluation")]
    operations = [
        migrations.RunSQL(
            (
                "DROP FUNCTION persons_of_month",
                "DROP POLICY persons_of_month ON usage_monthlyperson",
            ),
            migrations.RunSQL.noop,
        ),
        FunctionAcrossInstances(
            "persons_of_month",
            tables=["usage_monthlyperson"],
            arguments="organisation bigint, of_month date",
            returns="dimension varchar, value varchar, persons bigint",
            query=_PERSONS,
        ),
    ]
