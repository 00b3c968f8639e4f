"""Units: which words may stand behind a number, and when two of them are the same unit."""

import re
from fractions import Fraction

SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
SCALES |= {f"{name}s": value for name, value in SCALES.items()}
_SPELLINGS = """
m meter meters metre metres|cm centimeter centimeters centimetre centimetres|mm millimeter millimeters millimetre
millimetres|km kilometer kilometers kilometre kilometres kms|nm nanometer nanometers nanometre nanometres
|um µm mum micron microns micrometer micrometers micrometre micrometres|dm decimeter decimeters
|ft foot feet|in inch inches|yd yard yards|mi mile miles|ly lightyear lightyears
light-year light-years|pc parsec parsecs|kpc kiloparsec|Mpc megaparsec|AU au
|g gram grams gramme grammes gm|kg kilogram kilograms kilo kilos|mg milligram milligrams|ug µg microgram micrograms
|lb lbs|pound pounds|oz ounce ounces|ton tons tonne tonnes|u amu
|s sec secs second seconds|ms millisecond milliseconds|us µs mus microsecond microseconds|ns nanosecond nanoseconds
|min mins minute minutes|h hr hrs hour hours|day days|week weeks wk|month months|yr yrs year years
|L l liter liters litre litres|mL ml milliliter milliliters millilitre millilitres|cl cL centiliter centiliters
|gal gallon gallons|cup cups|pint pints|quart quarts
|J joule joules|kJ kilojoule kilojoules|MJ|cal calorie calories|kcal kilocalorie kilocalories|eV electronvolt
electronvolts|keV|MeV|GeV|erg ergs|W watt watts|kW kilowatt kilowatts|MW megawatt megawatts|kWh|hp
|N newton newtons|kN|dyn dyne dynes|Pa pascal pascals|kPa kilopascal kilopascals|MPa|GPa|atm|bar bars|torr Torr|mmHg|psi
|V volt volts|mV|kV|A amp amps ampere amperes|mA|ohm ohms Omega|F farad farads|uF µF microfarad microfarads
|C coulomb coulombs|T tesla teslas|G gauss|H henry henries|Wb weber|Hz hertz|kHz|MHz|GHz|K kelvin kelvins
|celsius centigrade degC °C|fahrenheit degF °F
|mol mole moles|mmol|M|kmol|bit bits|byte bytes|dB
|° deg degs degree degrees|rad radian radians|arcsec arcsecond arcseconds|arcmin arcminute arcminutes
|mph|kph kmh kmph|cc
|$ dollar dollars USD usd buck bucks|€ euro euros EUR|£ GBP|¢ cent cents
|dime dimes|nickel nickels|penny pennies|¥ yen yuan|₹ rupee rupees
|% percent pct per-cent percentage
"""
_POWERS = {"square": 2, "squared": 2, "sq": 2, "cubic": 3, "cubed": 3, "cu": 3}
_COMPOUND = {"mph": (("mi", 1), ("h", -1)), "kph": (("km", 1), ("h", -1)), "cc": (("cm", 3),)}
_NEUTRAL = frozenset(
    """
    unit units per of the a an in total each altogether both them left old long high tall wide deep away remaining
    together apart ago later today now every way time
    """.split()
)
# words that are numbers, or make another number of what stands beside them
OTHER_NUMBERS = frozenset(
    """
        zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
        eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety half halves third thirds fourths
        fifths
        tenths hundredths thousandths plus minus times divided multiplied factorial power modulo root squared cubed
        least most
    """.split()
)
# more words that make something else of a number: hedges, negations, verbs
CHANGING = OTHER_NUMBERS | frozenset(
    """
        one or and nor either neither maybe perhaps possibly probably likely roughly approximately approx almost
        nearly
        ish but if unless except not no non isn isnt never cannot cant wrong incorrect false untrue invalid is are was
        equals than mod sqrt pi tau phi exp log ln sin cos tan inf infinity nan point dozen dozens gross score lakh
        crore eighths ninths sevenths sixths hundredths sure think
    believe guess suppose rejected ruled works work dne quarters millionths fails upwards
        extraneous twice thrice double triple bound upper lower has gives makes eliminated repeating binary octal
        hexadecimal remainder again does
        doesnt more less fewer greater choose
        base
    """.split()
)
_NAMES = {
    spelling: group.split()[0] for group in _SPELLINGS.replace("\n", " ").split("|") for spelling in group.split()
}
_PREFIXES = frozenset("TGMkhdcmµunp")
_PREFIXED = frozenset(
    """
    m g s J N W V A K Pa Hz L l eV F C T H Wb mol Omega cal bar Wh B pc
""".split()
)
_WORD = re.compile(r"[A-Za-zµ°$€£¥₹¢%]+(?:-[A-Za-z]+)?")
_FACTOR = re.compile(
    r"(?:(?P<before>square|cubic|sq|cu)\.?\s{1,3})?(?P<name>[A-Za-zµ°$€£¥₹¢%]+(?:-[A-Za-z]+)?)\.?"
    r"(?:\s{1,3}(?P<after>squared|cubed)|\s{0,3}(?:\^|\*\*)?\s{0,3}[{(]?(?P<power>[+-]?\s?[0-9]{1,2})[)}]?)?"
)
_TEMPERATURE = re.compile(r"(?:degrees?|deg|°)\s*(celsius|centigrade|fahrenheit)", re.IGNORECASE)
_LATEX_SPACE = re.compile(r"\\(?:cdot|times|[,;:! ])|~")
# plurals without s
_PLURALS = frozenset(
    "people children men women feet teeth mice fish sheep deer geese dice pieces units bacteria data".split()
)
MAX_SCALE = 10**12
MAX_WORDS = 8

Unit = frozenset[tuple[str, int]]
_POUND: Unit = frozenset({("pound", 1)})
PERCENT: Unit = frozenset({("%", 1)})
DEGREE: Unit = frozenset({("°", 1)})


def is_unit(text: str) -> bool:
    r"""Whether a word, or what stands in ``\mathrm{}``, is a unit by itself."""
    words = [word.strip("().") for word in spelled(text).split()]
    return bool(words) and all(
        name_of(word) or set(word) & set("/^") or word in _POWERS or word in ("unit", "units") for word in words if word
    )


def spelled(text: str) -> str:
    """Return the words of a unit without LaTeX spacing and products."""
    text = _TEMPERATURE.sub(r"\1", text.replace("\\mu", "µ").replace("\\Omega", "Omega"))
    return _LATEX_SPACE.sub(" ", text).replace("k Omega", "kOmega").replace("M Omega", "MOmega")


def read_unit(text: str) -> tuple[Unit, Fraction]:
    """Return the unit that words behind a number are, and what scale words multiply the number by.

    The unit is empty where the words only name things: ``apples``, ``of them in total``.

    Raises:
        ValueError: the words make something else of the number (``or seven``, ``dozen``); the message names them.
    """
    text = spelled(text)
    factor = Fraction(1)
    words = _WORD.findall(text)
    while words and words[0].lower() in SCALES and factor < MAX_SCALE:
        scale = words.pop(0)
        factor *= SCALES[scale.lower()]
        text = text.partition(scale)[2]
    if len(words) > MAX_WORDS:
        raise ValueError("more words than a unit has")
    for word in words:
        if word.lower() in CHANGING and word.lower() not in _POWERS:
            raise ValueError(f"the word {word!r} beside the number")
    if words and words[0].lower() in ("squared", "cubed"):
        raise ValueError(f"the word {words[0]!r} beside the number")
    check_things([w for w in words if w.lower() not in _POWERS and w.lower() not in _NEUTRAL and not name_of(w)], text)
    return dimension(text), factor


def check_things(words: list[str], text: str) -> None:
    """Refuse words that name nothing countable: things stand in the plural, behind a unit or not.

    Raises:
        ValueError: the words are something else, such as a remark.
    """
    plural = any(word.lower().endswith("s") or word.lower() in _PLURALS for word in words)
    if words and not plural and not dimension(text):
        raise ValueError(f"the word {words[0]!r} beside the number")


def name_of(word: str) -> str | None:
    """Return the one name of a unit, None for a word that is none."""
    found = _NAMES.get(word) or (_NAMES.get(word.lower()) if len(word) > 2 else None)
    if found is None and word[0] in _PREFIXES and word[1:] in _PREFIXED:
        return "u" + word[1:] if word[0] == "µ" else word
    return found


def same_unit(a: object, b: object) -> bool:
    """Whether two units are the same; a pound may be one of weight or of money."""
    return a == b or (_POUND in (a, b) and bool({a, b} & {frozenset({("lb", 1)}), frozenset({("£", 1)})}))


def dimension(text: str) -> Unit:
    """Return each unit with its exponent: ``m / s ^ 2`` and ``m s^-2`` are the same."""
    powers: dict[str, int] = {}
    for i, part in enumerate(re.split(r"/|\bper\b", text)):
        grouped = part.lstrip().startswith("(")
        for j, factor in enumerate(f for f in _FACTOR.finditer(part) if name_of(f["name"])):
            exponent = _POWERS.get(factor["before"] or factor["after"] or "", 1)
            if factor["power"]:
                exponent *= int(factor["power"].replace(" ", ""))
            sign = -1 if i and (j == 0 or grouped) else 1
            name = name_of(factor["name"]) or ""
            for base, power in _COMPOUND.get(name, ((name, 1),)):
                powers[base] = powers.get(base, 0) + sign * exponent * power
    return frozenset((name, power) for name, power in powers.items() if power)
