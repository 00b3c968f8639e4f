"""Read a whole answer: lists and relations of the values in it."""

from verigrad_rewards.math.parse.brackets import Brackets
from verigrad_rewards.math.parse.names import GREEK, RELATIONS, UNIONS
from verigrad_rewards.math.parse.quantities import joins
from verigrad_rewards.math.parse.tokens import tokenize
from verigrad_rewards.math.parse.tree import BLANK, Node, ReadError, call

MAX_ITEMS = 1_000
MAX_SIDES = 30


class Answers(Brackets):
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
        if self.peek().kind == "end" or (self.sees(")", "]", "}", "rbrace") and kind == ","):
            self.place = start
            return ""
        return kind

    def item(self) -> Node:
        """Read one side, or several joined by relations."""
        if self.sees("<") and self.tokens[-1].text == ">":
            self.take()
            self.tokens.pop()
            node = self.items()
            return Node("bracket", node.args if node.op == "list" else (node,), "<>")
        first = BLANK if self.relation(peek=True) else self.application() or self.side()
        sides, relations = [first], []
        while relation := self.relation():
            relations.append(relation)
            if len(relations) > MAX_SIDES:
                raise ReadError(f"has more than {MAX_SIDES} sides")
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
        name = self.peek()
        single = name.kind in ("word", "cmd") and (len(name.text) == 1 or name.text in GREEK)
        end = self.partner(ahead) if single else None
        if end is None or self.peek(end + 1).text != "=":
            return None
        place = self.place
        node = self.postfix(self.primary())
        if node.op == "apply":
            return node
        if node.op == "sym":
            return Node("apply", (node, self.primary()))
        if not self.sees("="):  # a constant times a bracket
            self.place = place
            return None
        return node

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


def congruence(node: Node) -> Node:
    """Return ``n ≡ 3 mod 7`` as a residue, other relations as they are."""
    *before, last = node.args
    if node.value == ("≡",) and last.op == "call" and last.value == "mod" and len(last.args) == 2:
        return call("residue", Node("rel", (*before, last.args[0]), node.value), last.args[1])
    return node


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
