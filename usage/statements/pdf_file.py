"""A statement as PDF, with its fonts embedded; the page of the statement has the same tables."""

from io import BytesIO
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import reportlab
from django.conf import settings
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

from usage.statements.money import money, sums_of_money
from usage.statements.statement import Account, Statement, StatementLine
from usage.wording import count

_FONTS: Final = Path(reportlab.__file__).parent / "fonts"
_BODY: Final = ParagraphStyle("body", fontName="Vera", fontSize=8, leading=11)
_BOLD: Final = ParagraphStyle("bold", _BODY, fontName="VeraBd")
_NUMBER: Final = ParagraphStyle("number", _BODY, alignment=2)
_TITLE: Final = ParagraphStyle("title", _BOLD, fontSize=16, leading=22)
_HEADING: Final = ParagraphStyle("heading", _BOLD, fontSize=11, leading=16, spaceBefore=8)
_WIDTHS: Final = [30 * mm, 60 * mm, 65 * mm, 25 * mm, 35 * mm, 35 * mm]

for _name in ("Vera", "VeraBd"):
    registerFont(TTFont(_name, _FONTS / f"{_name}.ttf"))


def statement_as_pdf(statement: Statement) -> bytes:
    """The statement in the language in force."""
    title = _("Statement of %(organisation)s, %(month)s") % {
        "organisation": statement.organisation.name,
        "month": formats.date_format(statement.month, "F Y"),
    }
    written = BytesIO()
    document = SimpleDocTemplate(
        written,
        pagesize=landscape(A4),
        title=title,
        author=settings.SITE_NAME,
        lang=get_language(),
        leftMargin=20 * mm,
        rightMargin=20 * mm,
    )
    document.build([*_head(statement, title), *_accounts(statement)])
    return written.getvalue()


def _head(statement: Statement, title: str) -> list[Flowable]:
    made = _("Made on %s.") % formats.date_format(timezone.localtime(), "DATETIME_FORMAT")
    if statement.is_provisional:
        made += " " + _("The month has not ended: the figures are provisional.")
    balance = _("Balance to be paid: %s") % sums_of_money(statement.balances)
    return [_text(title, _TITLE), _text(made), _text(balance, _BOLD), Spacer(0, 4 * mm)]


def _accounts(statement: Statement) -> list[Flowable]:
    parts: list[Flowable] = []
    for account in statement.accounts:
        parts.append(_text(account.title, _HEADING))
        if account.lines:
            parts.append(_table(account))
        total = _("Total: %s") % sums_of_money(account.totals)
        parts += [Spacer(0, 2 * mm), _text(total, _BOLD)]
    return parts


def _table(account: Account) -> Table:
    head = [
        _("Cost centre"),
        _("Partner"),
        _("Use"),
        pgettext("usage", "Requests"),
        _("Tokens"),
        _("Amount"),
    ]
    rows = [[_text(capfirst(cell), _BOLD) for cell in head], *map(_row, account.lines)]
    return Table(
        rows,
        colWidths=_WIDTHS,
        repeatRows=1,
        style=[
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, colors.lightgrey),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ],
    )


def _row(line: StatementLine) -> list[Paragraph]:
    amount = money(line.amount, line.currency) if line.currency else _("no price")
    return [
        _text(line.cost_centre or "—"),
        _text(line.partner_label),
        _text(line.subject),
        _text(count(line.requests), _NUMBER),
        _text(count(line.tokens), _NUMBER),
        _text(amount, _NUMBER),
    ]


def _text(text: str, style: ParagraphStyle = _BODY) -> Paragraph:
    # The font has no narrow space.
    return Paragraph(escape(str(text).replace("\u202f", "\u00a0")), style)
