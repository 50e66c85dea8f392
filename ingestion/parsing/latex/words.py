"""What LaTeX commands stand for in a line of text."""

from collections.abc import Mapping

# Accents, by the command; the mark is put after its letter, and composed later.
ACCENTS: Mapping[str, str] = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "c": "\u0327", "v": "\u030c", "u": "\u0306", "H": "\u030b", "k": "\u0328",
    "r": "\u030a", "d": "\u0323", "b": "\u0331",
}  # fmt: skip
SYMBOLS: Mapping[str, str] = {
    "oe": "œ", "OE": "Œ", "ae": "æ", "AE": "Æ", "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "aa": "å", "AA": "Å", "i": "i", "j": "j", "S": "§", "P": "¶", "dots": "…", "ldots": "…",
    "textellipsis": "…", "textdegree": "°", "degre": "°", "degres": "°", "euro": "€",
    "texteuro": "€", "pounds": "£", "copyright": "©", "textregistered": "®", "texttrademark": "™",
    "og": "« ", "fg": " »", "guillemotleft": "«", "guillemotright": "»", "textquotedblleft": "“",
    "textquotedblright": "”", "textquoteleft": "‘", "textquoteright": "’", "textendash": "–",
    "textemdash": "—", "textbackslash": "\\", "textasciitilde": "~", "textunderscore": "_",
    "textbar": "|", "textless": "<", "textgreater": ">", "textbullet": "•", "LaTeX": "LaTeX",
    "TeX": "TeX", "LaTeXe": "LaTeX2e", "ier": "er", "iere": "re", "ieme": "e", "no": "n° ",
    "No": "N° ", "numero": "n° ", "primo": "1° ", "secundo": "2° ", "quad": " ", "qquad": " ",
    "newline": "\n", "linebreak": "\n", "par": "\n", "slash": "/", "and": ", ",
}  # fmt: skip
ESCAPES: Mapping[str, str] = {
    **{character: character for character in "&%$#_{}"},
    **dict.fromkeys(",;: ", " "),
    **dict.fromkeys("-!/@(", ""),
    ")": "",
    "\\": "\n",
    "\n": " ",
}
# How many arguments say nothing to readers.
SILENT: Mapping[str, int] = {
    **dict.fromkeys(
        ["label", "vspace", "hspace", "usepackage", "documentclass", "bibliographystyle",
         "includegraphics", "color", "pagestyle", "thispagestyle", "hypersetup", "index",
         "graphicspath", "geometry", "selectlanguage", "newenvironment", "newtheorem",
         "pagenumbering", "hyphenation", "usetikzlibrary", "vskip", "phantom", "nocite",
         "addbibresource", "bibliography", "input", "include", "pagecolor", "fontfamily",
         "RequirePackage", "title", "author", "date", "includepdf", "glsadd", "stepcounter",
         "theoremstyle"],
        1,
    ),
    **dict.fromkeys(
        ["setlength", "addtolength", "setcounter", "addtocounter", "fontsize", "rule",
         "renewcommand", "newcommand", "providecommand", "definecolor", "DeclareMathOperator",
         "newglossaryentry", "addcontentsline", "titleformat", "pdfbookmark"],
        2,
    ),
}  # fmt: skip
# The first argument is an address, a colour or a width; the text is in the next.
SECOND_IS_TEXT = frozenset(
    {"href", "textcolor", "colorbox", "parbox", "raisebox", "scalebox", "resizebox", "multirow",
     "foreignlanguage", "hyperref", "makebox"}
)  # fmt: skip
# What is set apart from the text around it.
AROUND: Mapping[str, tuple[str, str]] = {
    "footnote": (" (", ")"),
    "footnotetext": (" (", ")"),
    "thanks": (" (", ")"),
    "marginpar": (" (", ")"),
    "enquote": ("«", "»"),
    **dict.fromkeys(
        ["cite", "citep", "citet", "parencite", "textcite", "autocite", "footcite", "citeauthor"],
        ("[", "]"),
    ),
    **dict.fromkeys(["ref", "eqref", "pageref", "autoref", "cref", "Cref", "vref"], ("[", "]")),
}
