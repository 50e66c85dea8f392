"""The control words of RTF that this reader knows, by what they do (specification 1.9.1)."""

from ingestion.parsing.rtf.flow import Flow
from ingestion.parsing.rtf.formats import FORMATS

CHARACTERS = {
    "tab": "\t", "line": "\n", "softline": "\n", "lbr": "\n", "emdash": "—", "endash": "–",
    "emspace": " ", "enspace": " ", "qmspace": " ", "bullet": "•", "lquote": "‘", "rquote": "’",
    "ldblquote": "“", "rdblquote": "”", "zwj": "\u200d", "zwnj": "\u200c",
    # Between the parts of a formula.
    "mden": "/", "msup": "^", "msub": "_",
}  # fmt: skip

CONTROL_SYMBOLS = {"~": "\u00a0", "_": "\u2011", "-": "", "\t": "\t"}

PARAGRAPH_ENDS = frozenset({"par", "sect", "page", "column", "pagebb"})

# Groups without text of the document. Those marked by \* need not be listed: unknown ones are
# skipped.
SKIPPED = frozenset(
    ["pict", "nonshppict", "shprslt", "mmathPict", "objclass", "objname", "sp", "info",
     "filetbl", "revtbl", "rsidtbl", "listtable", "listoverridetable", "pn", "pnseclvl", "private",
     "ftnsep", "ftnsepc", "ftncn", "aftnsep", "aftnsepc", "aftncn", "xe", "tc", "tcn", "rxe", "txe",
     "bkmkstart", "bkmkend", "generator", "template", "themedata", "colorschememapping",
     "datastore", "latentstyles", "datafield", "falt", "panose", "fontemb", "fontfile",
     "nonesttables", "atnid", "atndate", "atntime", "atnref", "atnparent", "atnicn", "atrfstart",
     "atrfend", "background", "pgdsctbl", "userprops", "xmlnstbl", "mmathPr", "upr"]
)  # fmt: skip

# Groups that are shown or read although they may be marked by \*.
SHOWN = frozenset(
    ["shpinst", "shppict", "do", "nesttableprops", "mmath", "moMath", "moMathPara", "mr", "mf",
     "mnum", "mden", "msSup", "msSub", "msSubSup", "msPre", "me", "msup", "msub", "mrad", "mdeg",
     "md", "mnary", "mfunc", "mfName", "mlim", "mlimLow", "mlimUpp", "mbar", "macc", "mbox",
     "mborderBox", "mgroupChr", "mm", "mmr", "meqArr", "mphant", "mt", "ud"]
)  # fmt: skip

# Groups whose text is taken out of the flow that they stand in.
CAPTURED = frozenset(
    ["fonttbl", "colortbl", "stylesheet", "title", "listtext", "pntext", "atnauthor", "fldinst",
     "formfield", "ffl", "objdata"]
)  # fmt: skip

# Groups that are flows of their own, by what they are.
FLOWS = {
    "footnote": "note", "annotation": "comment", "shptxt": "box", "dptxbxtext": "box",
    "header": "header", "headerl": "header", "headerr": "header", "headerf": "header",
    "footer": "footer", "footerl": "footer", "footerr": "footer", "footerf": "footer",
}  # fmt: skip

CELL_ENDS = {
    "cell": Flow.end_cell, "row": Flow.end_row, "nestcell": Flow.end_nested_cell,
    "nestrow": Flow.end_nested_row,
}  # fmt: skip

# They define rows; the last three give them a colour.
ROW_WORDS = frozenset(["trowd", "clmrg", "clvmrg", "cellx", "clcbpat", "clcbpatraw", "trcbpat"])

DEFINITION_WORDS = frozenset(
    ["f", "fcharset", "cpg", "s", "cs", "ds", "ts", "outlinelevel", "fftype", "ffres", "ffdefres",
     "deff", "ansicpg", "ansi", "mac", "pc", "pca", "red", "green", "blue"]
)  # fmt: skip

KNOWN = frozenset(
    {"u", "NeXTGraphic", *CHARACTERS, *PARAGRAPH_ENDS, *SKIPPED, *SHOWN, *CAPTURED, *FLOWS}
    | {*CELL_ENDS, *ROW_WORDS, *DEFINITION_WORDS, *FORMATS}
)
