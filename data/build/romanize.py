"""Write Greek, Russian, Korean and Japanese names in Latin letters by published tables."""

import re
import unicodedata

# ISO 843:1997 type 2 (= ELOT 743, as in Greek passports): pairs first, then single letters.
GREEK_PAIRS = {"ου": "ou", "γγ": "ng", "γξ": "nx", "γχ": "nch"}
GREEK = dict(zip("αβγδεζηικλμνξοπρσςτυφωϊϋ", "avgdeziiklmnxoprsstyfoiy", strict=True))
GREEK |= {"θ": "th", "χ": "ch", "ψ": "ps"}

# BGN/PCGN 1947 without the apostrophes for the soft and hard signs, and with ё written as е.
RUSSIAN = dict(zip("абвгдезийклмнопрстуфыэьъ", [*"abvgdeziyklmnoprstufye", "", ""], strict=True))
RUSSIAN |= {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya"}

# Revised Romanization of Korean (2000), syllable by syllable: initial, vowel, final, in Unicode's order.
KOREAN_INITIAL = "g,kk,n,d,tt,r,m,b,pp,s,ss,,j,jj,ch,k,t,p,h"
KOREAN_VOWEL = "a,ae,ya,yae,eo,e,yeo,ye,o,wa,wae,oe,yo,u,wo,we,wi,yu,eu,ui,i"
KOREAN_FINAL = ",k,k,k,n,n,n,t,l,k,m,l,l,l,p,l,m,p,p,t,t,ng,t,t,k,t,p,t"


def _without_acute(text: str) -> str:
    """Drop acute accents and keep the diaeresis, which parts a pair of letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).replace("\u0301", ""))


def greek(name: str) -> str:
    """Return a Greek name in Latin letters (ISO 843 type 2)."""
    text = _without_acute(name.lower())
    # Upsilon after alpha, epsilon or eta is f before a voiceless sound and at the end, v elsewhere.
    text = re.sub(r"([αεη])υ(?=[θκξπσςτφχψ]|$)", r"\1f", text)
    text = re.sub(r"([αεη])υ", r"\1v", text)
    text = re.sub(r"^μπ", "b", text).replace("μπ", "mp")
    for pair, latin in GREEK_PAIRS.items():
        text = text.replace(pair, latin)
    return "".join(GREEK.get(letter, letter) for letter in text).capitalize()


def russian(name: str) -> str:
    """Return a Russian name in Latin letters (BGN/PCGN, without apostrophes)."""
    text = name.lower().replace("ё", "е")
    # е is ye at the start and after a vowel, й, ъ or ь.
    text = re.sub(r"(^|(?<=[аеиоуыэюяйъь-]))е", "ye", text)
    return "".join(RUSSIAN.get(letter, letter) for letter in text).title()


def korean(name: str) -> str:
    """Return a Korean name in Latin letters (Revised Romanization, no assimilation between syllables)."""
    return "".join(_korean_syllable(ord(letter) - 0xAC00) for letter in name).capitalize()


def _korean_syllable(code: int) -> str:
    """Split the number of a Hangul syllable, as in the Unicode Standard, section 3.12."""
    initial, rest = divmod(code, 21 * 28)
    vowel, final = divmod(rest, 28)
    parts = ((KOREAN_INITIAL, initial), (KOREAN_VOWEL, vowel), (KOREAN_FINAL, final))
    return "".join(table.split(",")[index] for table, index in parts)


def japanese(reading: str) -> str:
    """Return a keyboard reading (satou) as passports write it (Sato): long o and u are not marked."""
    # These meet across the parts of a name and stay: Ino-ue, Matsu-ura, Yamano-uchi, Hiro-oka, Yoko-o.
    text = re.sub(r"o(?=u(e|chi$)|oka$|o$)|u(?=ura$)", r"\g<0>|", reading)
    text = re.sub(r"o[ou]|uu", lambda pair: pair.group()[0], text)
    return text.replace("|", "").capitalize()
