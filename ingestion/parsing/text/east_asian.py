"""Which encoding of Chinese, Japanese or Korean some bytes are in, told by common characters.

The standards put the common characters of a language first: in another encoding, the same bytes are
rare characters, or none at all.
"""

import re

# The two bytes of kana, Hangul and the common ideographs in each encoding. Hangul comes first: its
# bytes are common in the others too, theirs seldom in it.
_COMMON = {
    "cp949": re.compile(rb"[\xb0-\xc8][\xa1-\xfe]"),
    "cp932": re.compile(rb"(?:[\x82\x83][\x40-\xf1]|\x81[\x40-\x7a]|[\x88-\x97][\x40-\xfc])"),
    "euc_jis_2004": re.compile(
        rb"(?:[\xa4\xa5][\xa1-\xf6]|\xa1[\xa1-\xdb]|[\xb0-\xcf][\xa1-\xfe])"
    ),
    "gb18030": re.compile(rb"(?:[\xb0-\xd7][\xa1-\xfe]|\xa3[\xa1-\xfe]|\xa1[\xa1-\xbf])"),
    "big5hkscs": re.compile(rb"(?:[\xa4-\xc6][\x40-\x7e\xa1-\xfe]|\xa1[\x40-\x7e\xa1-\xfe])"),
}
# Kana between ideographs: no other text in these bytes has so many.
_KANA = {
    "cp932": re.compile(rb"\x82[\x9f-\xf1]|\x83[\x40-\x96]"),
    "euc_jis_2004": re.compile(rb"[\xa4\xa5][\xa1-\xf6]"),
}
_MIN_SHARE = 0.7
_MIN_CHARACTERS = 3


def likely_east_asian(sample: bytes) -> str | None:
    """Return the encoding in which most of `sample` beyond ASCII is common characters, or None."""
    scores: dict[str, float] = {}
    for name, common in _COMMON.items():
        text = sample.decode(name, errors="replace")
        characters = sum(character > "\x7f" for character in text)
        if characters < _MIN_CHARACTERS or text.count("\ufffd") > 0.02 * characters + 1:
            continue
        scores[name] = len(common.findall(sample)) / characters
        if name in _KANA:
            scores[name] += len(_KANA[name].findall(sample)) / characters
    best = max(scores, key=lambda name: scores[name], default=None)
    return best if best is not None and scores[best] >= _MIN_SHARE else None
