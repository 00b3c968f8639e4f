"""Read brackets: groups, tuples, intervals, sets, set builders and matrices."""

from abc import abstractmethod

from verigrad_rewards.math.parse.names import CLOSES
from verigrad_rewards.math.parse.quantities import Quantities
from verigrad_rewards.math.parse.tree import Node, ReadError, add, call, div, mul, neg
from verigrad_rewards.math.parse.units import DEGREE, PERCENT

_PLAIN = {"langle": "<", "lbrack": "[", "rangle": ">", "rbrack": "]"}


class Brackets(Quantities):
    """Reads what stands between brackets."""

    @abstractmethod
    def items(self) -> Node:
        """Read one item, or several joined by commas, "and" or "or"."""

    @abstractmethod
    def side(self) -> Node:
        """Read one value, or several joined by set operations."""

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
        if opened == "{" and self.sees("choose", "over"):
            choose = self.take().text == "choose"
            node = call("binom", node, self.sum()) if choose else div(node, self.sum())
        closed = self.peek().text
        self.expect(*((")", "]") if opened in ("(", "[") else (CLOSES[opened],)))
        if opened in ("lbrace", "{") and node.op == "list":
            return Node("set", node.args)
        if opened == "lbrace":
            return Node("set", (node,))
        if node.op == "quantity" and node.value in (DEGREE, PERCENT):
            return call("degrees" if node.value == DEGREE else "percent", *node.args)
        if node.op != "list" or node.value == "or":
            return node
        return Node("bracket", node.args, _PLAIN.get(opened, opened) + _PLAIN.get(closed, closed))

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
