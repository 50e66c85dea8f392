"""LaTeX: what is printed, in its structure."""

from pathlib import Path

import pytest

from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from tests.ingestion.reading import outline_of, read, text_of

ARTICLE = r"""\documentclass[11pt]{article}
\usepackage[french]{babel}
\newcommand{\univ}{Universit\'e de N\^imes}
\title{Le \emph{quitus}}
\author{Anne \textsc{Petit}}
\begin{document}
\maketitle
\section{Pr\'esentation} % un commentaire
L'\univ{} co\^ute 50\,\%{} --- ou \og presque \fg{} \cite{dupont}.
Voir la note\footnote{De bas de page.}.

\subsection*{Liste}
\begin{enumerate}
  \item Un \textbf{premier}
  \begin{itemize}\item d\oe uvre\end{itemize}
  \item Deux
\end{enumerate}
\begin{table}\caption{Les prix}
\begin{tabular}{|l|r|}\hline
Code & Prix \\ \hline
A \& B & 3~\euro \\
\end{tabular}\end{table}
\begin{lstlisting}[language=C]
  x = 5 % 2;
\end{lstlisting}
\begin{equation} E = mc^2 \label{e} \end{equation}
Soit $x < \alpha$.
\begin{comment}rien\end{comment}
\input{annexe}
\end{document}
perdu
"""


def latex(folder: Path, text: str, name: str = "a.tex") -> list[tuple[str, str]]:
    (folder / name).write_text(text)
    return outline_of(read(folder / name))


def test_article(tmp_path: Path) -> None:
    assert latex(tmp_path, ARTICLE) == [
        ("heading1", "Le quitus"),
        ("paragraph", "Anne Petit"),
        ("heading2", "Présentation"),
        ("paragraph", "L'Université de Nîmes coûte 50 % — ou « presque » [dupont]. "
         "Voir la note (De bas de page.)."),
        ("heading3", "Liste"),
        ("list_item", "1. Un premier"),
        ("list_item", "  - dœuvre"),
        ("list_item", "2. Deux"),
        ("caption", "Les prix"),
        ("table", "| Code | Prix |\n| --- | --- |\n| A & B | 3 € |"),
        ("code", "  x = 5 % 2;"),
        ("paragraph", "E = mc^2 \\label{e}"),
        ("paragraph", "Soit $x < \\alpha$."),
    ]  # fmt: skip
    document = read(tmp_path / "a.tex")
    assert (document.media_type, document.title) == (media_types.LATEX, "Le quitus")
    assert document.warnings == (ParseWarning(WarningCode.UNREAD_FILES, ("annexe",)),)


def test_latex_is_told_by_its_content(tmp_path: Path) -> None:
    assert latex(tmp_path, "\\section{Un}\nTexte", "unnamed") == [
        ("heading2", "Un"),
        ("paragraph", "Texte"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "\\footnote{" * 5_000 + "x",
        "\\'{" * 5_000 + "x",
        "\\section{" * 5_000 + "x",
        "\\begin{itemize}" * 5_000 + "\\item x",
        "\\begin{tabular}" * 5_000 + "{l}x",
        "\\title{" * 5_000 + "}" * 5_000 + "x",
        "\\" * 100_001 + " x",
        "$" * 50_001 + "x",
        "\\newcommand{\\a}{" + "y" * 400 + "}" + "\\newcommand{\\a}{\\a\\a\\a}" * 400 + "\\a x",
        "\\begin{verbatim}" * 5_000 + "x",
        "\\( " * 20_000 + "x",
    ],
    ids=["notes", "accents", "sections", "lists", "tables", "titles", "backslashes", "dollars",
         "macros", "verbatim", "formulas"],
)  # fmt: skip
def test_hostile_latex_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.tex").write_text(text)
    assert "x" in text_of(read(tmp_path / "a.tex"))
