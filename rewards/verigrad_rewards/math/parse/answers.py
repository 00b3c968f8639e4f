"""Read a whole answer: lists, relations, intervals, sets, matrices, quantities, around the expressions in them."""

from fractions import Fraction

from verigrad_rewards.math.parse.atoms import CLOSES
from verigrad_rewards.math.parse.expressions import Expressions
from verigrad_rewards.math.parse.names import GREEK, RELATIONS, UNIONS
from verigrad_rewards.math.parse.tokens import Token, tokenize
from verigrad_rewards.math.parse.tree import Node, ReadError, add, call, mul, neg, num, symbols
from verigrad_rewards.math.parse.units import DEGREE, PERCENT, Unit, read_unit

BLANK = Node("sym", (), "")  # the missing left side of "> 42"
CURRENCIES = frozenset("$€£¥₹")
_JOINERS = {"and": "and", "or": "or", "&": "and", ",": ",", ";": ",", "&&": "and"}
_UNIT_SIGNS = frozenset("/^.-()*'")
MAX_ITEMS = 1_000


class Answers(Expressions):
    """Reads an answer to its end."""

    def answer(self) -> Node:
        """Read everything.

        Raises:
            ReadError: something is left over.
        """
        node = self.items()
        while self.accept(".", ",", ";") and self.peek().kind == "end":
            pass
        if self.place < len(self.tokens):
            raise ReadError(f"goes on with {self.peek().text[:20]!r} after a complete value")
        return node

    def items(self) -> Node:
        """Read one item, or several joined by commas, "and" or "or"."""
        found, joiners = [self.item()], set()
        while joiner := self.joiner():
            joiners.add(joiner)
            found.append(self.item())
            if len(found) > MAX_ITEMS:
                raise ReadError(f"lists more than {MAX_ITEMS} values")
        if len(found) == 1:
            return found[0]
        word = "or" if "or" in joiners else "and" if "and" in joiners else ","
        return Node("list", tuple(found), word)

    def joiner(self) -> str:
        """Step over what joins two items and return its kind, empty if the list ends here."""
        kind = ""
        start = self.place
        while (name := joins(self.peek())) and self.place - start < 2:
            kind = name if kind in ("", ",") else kind
            self.place += 1
        if self.peek().kind in ("end", "end of text") or (self.sees(")", "]", "}", "rbrace") and kind == ","):
            self.place = start
            return ""
        return kind

    def item(self) -> Node:
        """Read one side, or several joined by relations."""
        if self.sees("<") and self.tokens[-1].text == ">":
            self.take()
            node = self.items()
            self.expect(">")
            return Node("bracket", node.args if node.op == "list" else (node,), "<>")
        first = BLANK if self.relation(peek=True) else self.application() or self.side()
        sides, relations = [first], []
        while relation := self.relation():
            relations.append(relation)
            sides.append(self.side())
        if relations and sides[0] is BLANK and relations[0] == "=":
            sides, relations = sides[1:], relations[1:]
        node = Node("rel", tuple(sides), tuple(relations)) if relations else sides[0]
        return self.residue(node) if node.op != "rel" else self.residue(congruence(node))

    def application(self) -> Node | None:
        """Read ``f(x)`` before an equals sign; None where something else stands."""
        ahead = 1
        while self.peek(ahead).text == "'":
            ahead += 1
        if self.peek(ahead).text == "_":
            ahead += 2
        single = len(self.peek().text) == 1 or self.peek().text in GREEK
        end = self.partner(ahead) if single else None
        if end is None or self.peek(end + 1).text != "=":
            return None
        name = self.postfix(self.primary())
        return Node("apply", (name, self.primary()))

    def residue(self, node: Node) -> Node:
        r"""Read ``\pmod{7}`` or ``(mod 7)`` behind a value."""
        bracketed = self.sees("(") and self.peek(1).text == "mod"
        if bracketed or self.sees("pmod", "mod") or (self.peek().kind == "word" and self.peek().text == "mod"):
            self.place += 1 + bracketed
            node = call("residue", node, self.sum())
            if bracketed:
                self.expect(")")
        return node

    def relation(self, peek: bool = False) -> str:
        """Return the relation that stands here, empty if none does, and step over it unless ``peek``."""
        token, after = self.peek(), self.peek(1)
        if token.text == "not" and token.kind == "cmd" and after.text in ("=", "in"):
            self.place += 0 if peek else 2
            return "≠" if after.text == "=" else "∉"
        found = RELATIONS.get(token.text, "") if token.kind in ("sign", "cmd") else ""
        if found and not peek:
            self.place += 1
            if found in "<>" and self.accept("="):
                found = {"<": "≤", ">": "≥"}[found]
        return found

    def side(self) -> Node:
        """Read one value, or several joined by set operations."""
        node = self.value()
        while self.sees(*UNIONS) or (self.peek().text == "U" and self.peek().kind == "word"):
            name = UNIONS.get(self.take().text, "∪")
            other = self.value()
            same = node.op == "union" and node.value == name
            node = Node("union", (*node.args, other) if same else (node, other), name)
        return node

    def value(self) -> Node:
        """Read an expression with the currency before it and the unit behind it."""
        negative = self.sees("-") and self.peek(1).text in CURRENCIES
        self.place += negative
        currency = self.take().text if self.sees(*CURRENCIES) else ""
        node = self.ratio(self.sum())
        if negative:
            node = mul(num(-1), node)
        return self.with_unit(node, currency)

    def ratio(self, first: Node) -> Node:
        """Read ``3:2`` after its first number."""
        parts = [first]
        while (self.sees(":") or (self.peek().text == "to" and self.peek().kind == "word")) and self.peek(1).kind in (
            "num",
            "word",
            "cmd",
        ):
            self.take()
            parts.append(self.sum())
        return Node("ratio", tuple(parts)) if len(parts) > 1 else first

    def with_unit(self, node: Node, currency: str) -> Node:
        """Read the words behind ``node`` and return the quantity they make of it.

        Raises:
            ReadError: the words make something else of it.
        """
        said = self.unit_text()
        if node.op == "call" and node.value == "degrees" and said.strip() in ("C", "F"):
            node, said = node.args[0], f"°{said.strip()}"
        try:
            unit, factor = read_unit(f"{currency} {said}")
        except ValueError as error:
            raise ReadError(f"has {error}") from None
        if factor != 1:
            node = mul(node, num(factor))
        sign_unit: dict[str, Unit] = {"percent": PERCENT, "degrees": DEGREE}
        if node.op == "call" and node.value in sign_unit and not unit:
            return Node("quantity", node.args, sign_unit[node.value])
        if unit is None and symbols(node):
            raise ReadError("has words behind a formula")
        return node if unit == frozenset() else Node("quantity", (node,), unit)

    def unit_text(self) -> str:
        """Step over the words, slashes and exponents of a unit and return them."""
        parts: list[str] = []
        while not joins(self.peek()):
            token = self.peek()
            worded = token.kind in ("text", "roman", "word")
            if worded and not (token.kind == "word" and token.text in ("mod", "U")):
                parts.append(self.take().text)
            elif parts and self.accept("^"):
                parts.append("^" + self.name_group())
            elif (parts or self.unit_follows()) and token.kind == "sign" and token.text in _UNIT_SIGNS:
                if token.text == ")" and "(" not in "".join(parts):
                    break
                parts.append(self.take().text)
            elif self.sees("¢", *CURRENCIES):
                parts.append(self.take().text)
            elif parts and self.sees("cdot", "times"):
                self.take()
            elif parts and token.kind == "num" and parts[-1][-1:] == "-":
                parts.append(self.take().text)
            elif self.sees("circ", "Omega", "mu"):
                parts.append({"circ": "°", "mu": "µ"}.get(self.peek().text, "Omega"))
                self.take()
            elif self.sees("frac") and self.unit_command("frac"):
                self.take()
                parts.append(f"{self.group_text()} /({self.group_text()})")
            else:
                break
        return " ".join(parts).replace("µ ", "µ")

    def group_text(self) -> str:
        """Return the words of a group."""
        self.expect("{")
        parts = []
        while self.peek().text != "}" and self.peek().kind != "end":
            parts.append(self.take().text)
        self.expect("}")
        return " ".join(parts)

    def inside(self, opened: str) -> Node:
        """Read what stands after an opening bracket, the closing one included."""
        self.deeper()
        bars, self.bars = self.bars, 0
        node = self.set_builder() if opened in ("{", "lbrace") else None
        node = node or self.enclosed_items(opened)
        self.bars = bars
        self.depth -= 1
        return node

    def enclosed_items(self, opened: str) -> Node:
        """Read the items of a bracket: a group, a tuple, an interval or a set."""
        if opened == "lbrace" and self.accept("rbrace"):
            return Node("set")
        node = self.items()
        if opened == "{" and self.sees("choose", "over", "atop"):
            name = self.take().text
            below = self.sum()
            node = mul(node, Node("pow", (below, num(-1)))) if name == "over" else call("binom", node, below)
        round_ends = {"(": (")", "]"), "[": ("]", ")", "[")}.get(opened, (CLOSES[opened],))
        if opened == "]":
            round_ends = ("[", "]")
        closed = self.peek().text
        self.expect(*round_ends)
        if opened == "lbrace" or (opened == "{" and node.op == "list"):
            several = node.op == "list"
            return Node("set", node.args if several else (node,)) if several or opened == "lbrace" else node
        if node.op == "quantity" and node.value in (DEGREE, PERCENT):
            return call("degrees" if node.value == DEGREE else "percent", *node.args)
        if node.op != "list" or node.value == "or":
            return node
        kinds = {"langle": "<", "lbrack": "["}.get(opened, opened) + {"rangle": ">", "rbrack": "]"}.get(closed, closed)
        return Node("bracket", node.args, kinds)

    def separator(self) -> int:
        """Return how far ahead the ``|`` or ``:`` of a set builder stands in the present braces, 0 where none does."""
        depth = 0
        for ahead in range(len(self.tokens) - self.place):
            text = self.peek(ahead).text
            depth += (text in ("(", "[", "{", "lbrace")) - (text in (")", "]", "}", "rbrace"))
            if depth < 0:
                return 0
            if depth == 0 and text in ("mid", ":", "|"):
                return ahead
        return 0

    def set_builder(self) -> Node | None:
        r"""Read ``\{x \mid x > 2\}`` as its condition; None where no set builder stands."""
        ahead = self.separator()
        if not ahead:
            return None
        simple = self.peek().kind in ("word", "cmd") and (ahead == 1 or self.peek(1).text in ("in", "_"))
        if simple:
            self.place += ahead + 1
            node = self.items()
        elif self.peek(ahead).text == "|":
            return None
        else:
            member = self.sum()
            self.expect("mid", ":")
            node = Node("set", (member, self.items()))
        self.expect("rbrace", "}")
        return node

    def matrix(self) -> Node:
        """Read rows up to the end of a matrix environment.

        Raises:
            ReadError: rows of different lengths.
        """
        name = self.peek(-1).text
        if name == "array" and self.accept("{"):
            self.place -= 1
            self.name_group()
        self.deeper()
        entries: list[Node] = []
        row = columns = 0
        while self.peek().kind != "end" or self.peek().text == "":
            entries.append(self.side())
            row += 1
            if self.accept("&"):
                continue
            if columns not in (0, row):
                raise ReadError("is a matrix with rows of different lengths")
            columns, row = row, 0
            if not self.accept("newline"):
                break
        self.depth -= 1
        if self.take().kind != "end" or not columns:
            raise ReadError("has a matrix that never ends")
        node = Node("matrix", tuple(entries), columns)
        return determinant(node) if name.startswith("v") else node


def determinant(matrix: Node) -> Node:
    """Return the determinant of up to three rows, expanded along the first."""
    n = matrix.value
    if n * n != len(matrix.args) or n > 3:
        return call("det", matrix)
    if n == 1:
        return matrix.args[0]
    terms = []
    for column in range(n):
        rest = tuple(entry for i, entry in enumerate(matrix.args) if i >= n and i % n != column)
        term = mul(matrix.args[column], determinant(Node("matrix", rest, n - 1)))
        terms.append(neg(term) if column % 2 else term)
    return add(*terms)


def congruence(node: Node) -> Node:
    """Return ``n ≡ 3 mod 7`` as a residue, other relations as they are."""
    *before, last = node.args
    if node.value == ("≡",) and last.op == "call" and last.value == "mod":
        return call("residue", Node("rel", (*before, last.args[0]), node.value), last.args[1])
    return node


def joins(token: Token) -> str:
    """Return the kind of joiner that a token is, empty if it is none."""
    if token.kind == "text":
        words = token.text.replace(",", " , ").split()
        return _JOINERS.get(words[-1].lower(), "") if words and all(w.lower() in _JOINERS for w in words) else ""
    if token.kind in ("sign", "word"):
        return _JOINERS.get(token.text.lower() if token.kind == "word" else token.text, "")
    return "or" if token.text == "vee" and token.kind == "cmd" else "and" if token.text in ("wedge", "land") else ""


def read_grammar(text: str, *, units: bool = True) -> Node:
    """Return the tree of an answer in mathematical notation.

    Args:
        text: the answer without what encloses it.
        units: whether letters behind a number can be a unit; else ``5 mg`` is a product.

    Raises:
        ReadError: it is none.
    """
    try:
        return Answers(tokenize(text), units).answer()
    except RecursionError:  # a caller that is deep in calls itself leaves less room than MAX_DEPTH counts on
        raise ReadError("is nested too deeply") from None


__all__ = ["BLANK", "Fraction", "read_grammar"]
