"""Which words may stand behind a number without changing it."""

import re
from fractions import Fraction

SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SHORT_UNITS = """
m g s h l L d A V W J N K C F Hz kHz MHz cm mm km µm nm kg mg µg lb lbs oz ft in yd mi ml mL cl dl ms min mins
sec secs hr hrs mph kph kmh kW kWh Pa kPa mol cal kcal am pm USD EUR GBP cents deg ° °C °F pts pct percent
"""
# Words that make another number, a hedge, a negation or a sum of what stands before them.
_CHANGING_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion trillion
hundreds thousands millions billions half halves third thirds fourths fifths tenths hundredths thousandths
or and nor either maybe perhaps possibly probably likely roughly approximately approx almost nearly ish but if
unless except not no non isn isnt never cannot cant wrong incorrect false untrue invalid is are was equals than
least most plus minus times divided multiplied squared cubed factorial power mod modulo root sqrt pi tau phi
exp log ln sin cos tan inf infinity nan point
"""
_SHORT = frozenset(_SHORT_UNITS.split())
_CHANGING = frozenset(_CHANGING_WORDS.split())
_ARTICLES = frozenset({"a", "per"})
_BETWEEN = re.compile(r"[ /.-]+")
_SQUARE = re.compile(r"(?:[²³]|\^\{?[23]\}?)$")


def scale(unit: str, attached: bool) -> Fraction | None:
    """Return what the words behind a number multiply it by, None where they make it more than a number.

    Args:
        unit: the words, empty for none; ``million dollars`` gives 1,000,000, ``apples`` 1, ``or seven`` None.
        attached: whether no space stands before them: ``5cm`` has a unit, ``5ab`` is a product.
    """
    words = [_SQUARE.sub("", word) for word in _BETWEEN.split(unit) if word]
    factor = Fraction(1)
    while words and words[0].lower() in SCALES and not attached:
        factor *= SCALES[words.pop(0).lower()]
    if len(words) == 1 and words[0].lower() in ("percent", "pct"):
        return factor / 100
    if attached and words and words[0] not in _SHORT:
        return None
    for word in words:
        short = len(word) == 1 and word not in _SHORT and word not in _ARTICLES
        if short or word.lower() in _CHANGING:
            return None
    return factor
