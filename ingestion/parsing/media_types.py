"""The media types that ragapp reads, and the ends of the names of their files.

`ingestion.parsing.detection` tells the type of a file.
"""

from collections.abc import Mapping

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOC = "application/msword"
PPT = "application/vnd.ms-powerpoint"
XLS = "application/vnd.ms-excel"
MSG = "application/vnd.ms-outlook"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
EPUB = "application/epub+zip"
RTF = "application/rtf"
HTML = "text/html"
MARKDOWN = "text/markdown"
TEXT = "text/plain"
CSV = "text/csv"
EML = "message/rfc822"
VTT = "text/vtt"
SRT = "application/x-subrip"
JSON = "application/json"
XML = "application/xml"
LATEX = "application/x-tex"
NOTEBOOK = "application/x-ipynb+json"
ZIP = "application/zip"
SEVEN_ZIP = "application/x-7z-compressed"
TAR = "application/x-tar"
# Compressed tars, or single files.
GZIP = "application/gzip"
BZIP2 = "application/x-bzip2"
XZ = "application/x-xz"
# Their files become documents of their own (`ingestion.storing.archives`).
ARCHIVES = frozenset({ZIP, SEVEN_ZIP, TAR, GZIP, BZIP2, XZ})
# Source code in any language: it is shown as text, never run.
CODE = "text/x-source"
PNG = "image/png"
JPEG = "image/jpeg"
TIFF = "image/tiff"
WEBP = "image/webp"
GIF = "image/gif"
BMP = "image/bmp"
PICTURES = (PNG, JPEG, TIFF, WEBP, GIF, BMP)
# Documents whose pages are drawn for their readers.
DRAWN = frozenset((PDF, *PICTURES))
MP3 = "audio/mpeg"
M4A = "audio/mp4"
WAV = "audio/wav"
OGG = "audio/ogg"
FLAC = "audio/flac"
MP4 = "video/mp4"
MOV = "video/quicktime"
WEBM = "video/webm"
MATROSKA = "video/x-matroska"
# What is said in them is transcribed (`ingestion.transcription`).
SOUNDS = (MP3, M4A, WAV, OGG, FLAC)
FILMS = (MP4, MOV, WEBM, MATROSKA)
RECORDINGS = frozenset((*SOUNDS, *FILMS))

# Files that are attached to these, or embedded in them, can be unpacked.
WITH_ATTACHMENTS = frozenset({PDF, EML, MSG, DOCX, PPTX, XLSX})

# What each format is called by the people who upload it, and the usual ends of file names.
EXTENSIONS: Mapping[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    DOCX: (".docx", ".docm", ".dotx"),
    PPTX: (".pptx", ".pptm", ".ppsx", ".potx"),
    XLSX: (".xlsx", ".xlsm", ".xltx"),
    DOC: (".doc", ".dot"),
    PPT: (".ppt", ".pps", ".pot"),
    XLS: (".xls", ".xlt"),
    MSG: (".msg",),
    ODT: (".odt", ".ott", ".fodt"),
    ODS: (".ods", ".ots", ".fods"),
    ODP: (".odp", ".otp", ".fodp"),
    EPUB: (".epub",),
    RTF: (".rtf",),
    HTML: (".html", ".htm", ".xhtml"),
    MARKDOWN: (".md", ".markdown"),
    TEXT: (".txt", ".text", ".log"),
    CSV: (".csv", ".tsv"),
    EML: (".eml",),
    VTT: (".vtt",),
    SRT: (".srt",),
    JSON: (".json", ".jsonl", ".ndjson", ".geojson"),
    XML: (".xml", ".rss", ".atom", ".tei"),
    LATEX: (".tex", ".ltx"),
    NOTEBOOK: (".ipynb",),
    ZIP: (".zip",),
    SEVEN_ZIP: (".7z",),
    TAR: (".tar",),
    GZIP: (".gz", ".tgz"),
    BZIP2: (".bz2", ".tbz2"),
    XZ: (".xz", ".txz"),
    CODE: (
        *(".py", ".pyi", ".r", ".jl", ".m", ".ipy", ".sql", ".sh", ".bash", ".zsh", ".ps1", ".bat"),
        *(".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".cs", ".java", ".kt", ".scala", ".go"),
        *(".rs", ".swift", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".php", ".rb"),
        *(".pl", ".pm", ".lua", ".hs", ".ml", ".f", ".f90", ".f95", ".for", ".pas", ".adb", ".vb"),
        *(".css", ".scss", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".properties"),
        *(".do", ".sas", ".sps", ".v", ".vhd", ".asm", ".s", ".proto", ".tf", ".groovy", ".dart"),
    ),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    TIFF: (".tif", ".tiff"),
    WEBP: (".webp",),
    GIF: (".gif",),
    BMP: (".bmp",),
    MP3: (".mp3",),
    M4A: (".m4a", ".m4b"),
    WAV: (".wav",),
    OGG: (".ogg", ".oga", ".opus", ".ogv"),
    FLAC: (".flac",),
    MP4: (".mp4", ".m4v"),
    MOV: (".mov",),
    WEBM: (".webm", ".weba"),
    MATROSKA: (".mkv", ".mka"),
}
