"""A statement as CSV, for a spreadsheet."""

from typing import Final

from usage.statements.statement import Statement
from web.csv_files import csv_header, csv_lines

COLUMNS: Final = (
    *("month", "account", "cost_centre", "partner", "kind", "model", "backend_name"),
    *("requests", "prompt_tokens", "completion_tokens", "amount", "currency"),
)


def statement_as_csv(statement: Statement) -> str:
    """One line for each line of the three accounts."""
    return csv_header(COLUMNS) + csv_lines(
        [
            f"{statement.month:%Y-%m}",
            account.name,
            line.cost_centre,
            line.partner or "",
            line.kind,
            line.model,
            line.backend_name,
            line.requests,
            line.prompt_tokens,
            line.completion_tokens,
            # Not in scientific notation.
            f"{line.amount:f}",
            line.currency,
        ]
        for account in statement.accounts
        for line in account.lines
    )
