"""Turn what people and models type into the one notation that the tokenizer knows: ASCII and LaTeX commands."""

import re
import unicodedata

_GREEK = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau upsilon
    phi chi psi omega
""".split()
_COMMANDS = {
    **{chr(0x3B1 + i): name for i, name in enumerate(_GREEK)},
    "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi",
    "Ψ": "Psi", "Ω": "Omega", "ϕ": "phi", "ϵ": "epsilon", "ϑ": "theta", "√": "sqrt", "∞": "infty", "±": "pm",
    "∓": "mp", "∪": "cup", "∩": "cap", "∈": "in", "∅": "emptyset", "∖": "setminus", "≤": "le", "≥": "ge", "⩽": "le",
    "⩾": "ge", "≦": "le", "≧": "ge", "≠": "ne", "≈": "approx", "≃": "approx", "≅": "approx", "∼": "sim", "⋅": "cdot",
    "∙": "cdot", "·": "cdot", "×": "times", "✕": "times", "÷": "div", "ℝ": "R", "ℤ": "Z", "ℕ": "N", "ℚ": "Q",
    "ℂ": "C", "⌊": "lfloor", "⌋": "rfloor", "⌈": "lceil", "⌉": "rceil", "⟨": "langle", "⟩": "rangle", "〈": "langle",
    "〉": "rangle", "∠": "angle", "△": "triangle", "⇒": "implies", "→": "to", "∣": "mid", "∑": "sum", "∏": "prod",
    "∛": "cbrt", "ℏ": "hbar", "ℓ": "ell", "…": "ldots", "⋯": "ldots", "∧": "wedge", "∨": "vee", "¬": "neg",
    "∫": "int", "∂": "partial", "∇": "nabla", "⊂": "subset", "⊆": "subseteq", "∝": "propto", "≡": "equiv",
}  # fmt: skip
_PLAIN = {
    "−": "-", "–": "-", "‐": "-", "‑": "-", "﹣": "-", "⁻": "⁻", "⁄": "/", "∕": "/", "∗": "*", "﹡": "*", "′": "'",
    "″": "''", "’": "'", "‘": "'", "“": '"', "”": '"', "、": ",", "，": ",", "；": ";", "：": ":", "。": ".", "º": "°",
    "˚": "°", "∶": ":", "µ": "\\mu ", "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2002": " ", "\u2003": " ",
    "\u2005": " ", "\u2006": " ", "\u2007": " ", "\u2008": " ", "\u200a": " ", "\u3000": " ", "\u205f": " ",
    "\ufeff": "",
}  # fmt: skip
_FULL_WIDTH = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}
_TABLE = str.maketrans({**_FULL_WIDTH, **_PLAIN, **{c: f"\\{name} " for c, name in _COMMANDS.items()}})
FULL_WIDTH_DIGITS = {0xFF10 + i: str(i) for i in range(10)}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", "0123456789+-=()ni")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", "0123456789+-=()")
_UP = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ]+")
_DOWN = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎]+")
_VULGAR = re.compile("[¼½¾⅐-⅞]")


def vulgar(match: re.Match[str]) -> str:
    """Return ``½`` as a LaTeX fraction."""
    top, _, bottom = unicodedata.normalize("NFKC", match[0]).partition("⁄")
    return f"\\frac{{{top}}}{{{bottom}}}"


def to_latex(text: str) -> str:
    """Return ``text`` with unicode mathematics, full-width forms and typographic signs as ASCII and LaTeX."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    text = _VULGAR.sub(vulgar, text)
    text = _UP.sub(lambda m: f"^{{{m[0].translate(_SUPERSCRIPTS)}}}", text)
    text = _DOWN.sub(lambda m: f"_{{{m[0].translate(_SUBSCRIPTS)}}}", text)
    return text.translate(_TABLE)
