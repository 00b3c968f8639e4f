"""The names an answer may use: functions, constants and what LaTeX calls them."""

_ONE = """
sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth sech csch arsinh arcosh artanh
ln log exp sqrt cbrt abs floor ceil sgn Re Im arg cis erf
"""
TWO_ARGUMENTS = frozenset("binom perm root mod log_base".split())
MANY_ARGUMENTS = frozenset("max min gcd lcm".split())
FUNCTIONS = frozenset(_ONE.split()) | TWO_ARGUMENTS | MANY_ARGUMENTS
ALIASES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "tg": "tan", "ctg": "cot", "cotg": "cot", "cosec": "csc",
    "arctg": "arctan", "arcctg": "arccot", "sh": "sinh", "ch": "cosh", "th": "tanh", "asinh": "arsinh",
    "acosh": "arcosh", "atanh": "artanh", "arcsinh": "arsinh", "arccosh": "arcosh", "arctanh": "artanh", "lg": "log",
    "ceiling": "ceil", "sign": "sgn", "signum": "sgn", "comb": "binom", "nCr": "binom",
    "binomial": "binom", "dbinom": "binom", "tbinom": "binom",
}  # fmt: skip
INVERSES = {
    "sin": "arcsin", "cos": "arccos", "tan": "arctan", "cot": "arccot", "sec": "arcsec", "csc": "arccsc",
    "sinh": "arsinh", "cosh": "arcosh", "tanh": "artanh",
}  # fmt: skip
CONSTANTS = {
    "pi": "pi", "e": "e", "i": "i", "infty": "inf", "infinity": "inf", "inf": "inf", "imath": "i", "ⅈ": "i",
    "Infinity": "inf", "oo": "inf",
}  # fmt: skip
GREEK = frozenset(
    """
        alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi omicron rho varrho
        sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Upsilon Phi Psi Omega hbar
        ell nabla Pi
    """.split()
)
SAME_LETTER = {"varepsilon": "epsilon", "vartheta": "theta", "varphi": "phi", "varrho": "rho", "varsigma": "sigma"}
ACCENTS = frozenset(
    """
    hat widehat vec bar overline tilde widetilde dot ddot overrightarrow
""".split()
)
NUMBER_SETS = {"R": "ℝ", "Z": "ℤ", "N": "ℕ", "Q": "ℚ", "C": "ℂ"}
RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "≤", ">=": "≥", "!=": "≠", "<>": "≠", "le": "≤", "leq": "≤",
    "leqslant": "≤", "leqq": "≤", "ge": "≥", "geq": "≥", "geqslant": "≥", "geqq": "≥", "lt": "<", "gt": ">", "ne": "≠",
    "neq": "≠", "approx": "≈", "sim": "≈", "simeq": "≈", "in": "∈", "equiv": "≡", "to": "→", "rightarrow": "→",
    "->": "→", ":=": "=", "notin": "∉", "subset": "⊂", "subseteq": "⊆", "cong": "≅", "mapsto": "→", "propto": "∝",
}  # fmt: skip
MIRRORED = {"<": ">", ">": "<", "≤": "≥", "≥": "≤"}
BASIS = ("i", "j", "k")  # unit vectors, written bold or with a hat
UNIONS = {"cup": "∪", "cap": "∩", "setminus": "∖", "bigcup": "∪", "smallsetminus": "∖"}
MATRICES = frozenset(["matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array"])
# words that are no variables side by side, and end an expression
WORDS = frozenset(
    """
        and or is are be was not no yes non the if for of to as at by so any all odd even one two six ten too per an it
        its we he she they his her with from than that this there then true false none both neither either nor but on
        off per day days hour hours year years week weeks time times won too few mod base let her him our out old new
        red blue more less most about only where when since thus hence because answer total am pm dne dollar dollars am
        ann bob tom tim joe sam amy max_ kim may mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep oct nov dec
        dog cat end
    """.split()
)
FRACTIONS = frozenset(("frac", "dfrac", "tfrac", "cfrac"))
BINOMIALS = frozenset(("binom", "dbinom", "tbinom"))
ENCLOSED = {"lvert": "abs", "lVert": "norm", "lfloor": "floor", "lceil": "ceil"}
CLOSES = {
    "(": ")", "[": "]", "{": "}", "lbrace": "rbrace", "langle": "rangle", "lvert": "rvert", "lVert": "rVert",
    "lfloor": "rfloor", "lceil": "rceil", "lbrack": "rbrack",
}  # fmt: skip
