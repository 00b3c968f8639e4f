import json
from collections import Counter, OrderedDict, defaultdict, namedtuple
from decimal import Decimal
from fractions import Fraction

import pytest

from verigrad_rewards.code.compare import same, same_output, show
from verigrad_rewards.code.wire import WireError, pack, read_reply, unpack

NAN = float("nan")
INF = float("inf")
Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("found", "expected", "equal"),
    [
        (1, 1, True), (1, 1.0, True), (1.0, 1, True), (True, 1, False), (1, True, False), ("1", 1, False),
        (None, 0, False), (None, None, True), (False, 0, False), ("a", b"a", False),
        (0.1 + 0.2, 0.3, True), (0.3001, 0.3, False), (0.1 + 0.2, 3, False), (1.0000000001, 1, False),
        (1e-13, 0.0, True), (1e-9, 0.0, False), (-0.0, 0.0, True), (1, 1 + 1e-12, True),
        (NAN, NAN, False), ([NAN], [NAN], False), ({NAN}, {NAN}, False), (INF, INF, True), (-INF, INF, False),
        (1e308, INF, False), (INF, 1e308, False), (10**400, 1.0, False), (10**400, INF, False), (10**400, 10**400, True),
        (2**53 + 1, 2**53, False), (float(2**53), 2**53 + 1, False),
        ([1], (1,), False), ((1,), (1,), True), ([1, 2], [1], False), ([1], [1, 2], False), ([], [], True),
        ([], (), False), ([1, [2.0]], [1, [2]], True), ([True], [1], False),
        ({1, 2}, {2, 1}, True), ({1}, {1.0}, True), ({True}, {1}, False), ({1}, frozenset({1}), False),
        ({1, 2}, {1}, False), ({(1, 2)}, {(1, 2)}, True), (set(), {}, False), ({0.1 + 0.2}, {0.3}, False),
        ({"a": 1}, {"a": 1.0}, True), ({"a": 1}, {"a": True}, False), ({1: 0}, {True: 0}, False),
        ({1: 0}, {1.0: 0}, True), ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True), ({"a": 1}, {}, False),
        ({"a": 0.1 + 0.2}, {"a": 0.3}, True), ({}, [], False),
        (Counter("aab"), {"a": 2, "b": 1}, True), (defaultdict(list, a=[1]), {"a": [1]}, True),
        (OrderedDict(b=1, a=2), {"a": 2, "b": 1}, True), (Point(1, 2), (1, 2), True), (Point(1, 2), [1, 2], False),
        (Fraction(1, 2), Fraction(2, 4), True), (Fraction(1, 2), 0.5, False), (Decimal("1.50"), Decimal("1.5"), True),
        (1 + 2j, 1 + 2j, True), (1 + 0j, 1, False), (b"ab", b"ab", True), (range(3), range(3), True),
        (range(3), [0, 1, 2], False), ("é\ud800", "é\ud800", True), ("a\0b", "a", False),
    ],
)  # fmt: skip
def test_values_are_compared_with_their_types(found, expected, equal):
    assert same(pack(found), pack(expected)) is equal


def test_tolerance_is_for_expected_floats_only():
    assert same(1.05, 1.0, tolerance=0.1)
    assert not same(1.05, 1, tolerance=0.1)
    assert not same(pack({1.05}), pack({1.0}), tolerance=0.1)


@pytest.mark.parametrize(
    "value",
    [{"a": [1, (2.5, None), {3, "x"}], (1, 2): frozenset({True}), "big": -(10**5000)}, INF, [b"\xff", 2j, range(1, 9, 2)],
     "\ud800\0\n", "\ud83d\ude00", "\U0001f600", [[]] * 3, {}, Fraction(-1, 3), Decimal("1E+5")],
)  # fmt: skip
def test_plain_values_survive_the_wire(value):
    assert unpack(json.loads(json.dumps(pack(value)))) == value


class Sly(int):
    def __eq__(self, other):
        return True

    __hash__ = int.__hash__


class SlyDict(dict):
    def items(self):
        return [("a", 1)]


def nested(depth):
    return [] if depth == 0 else [nested(depth - 1)]


@pytest.mark.parametrize("value", [object(), Sly(1), SlyDict(), iter([1]), print, [Sly(1)], {1: Sly(2)}, nested(200)])
def test_what_is_not_plain_is_refused(value):
    with pytest.raises(WireError, match="not plain data|nested too deeply"):
        pack(value)


@pytest.mark.parametrize(
    "line",
    ["", "[[", "1", "null", "[]", '{"value"}', '{"value": {"set": 1}}', '{"value": {"dict": [1]}}',
     '{"value": {"dict": [[1]]}}', '{"value": {"int": "9"}}', '{"value": {"int": 9}}', '{"value": {"spam": []}}',
     '{"value": {"Fraction": "1e999999999"}}', '{"value": {"float": "1"}}', '{"value": {"complex": ["a", 1]}}',
     '{"value": {"bytes": "abc"}}', '{"value": {"Fraction": "1/0"}}', '{"value": {"Decimal": "sNaN"}}',
     '{"value": {"complex": [{"Fraction": "1/0"}, 1.0]}}', '{"value": {"range": [1, 1, 0]}}', '{"value": {"text": "d8"}}',
     '{"value": {"range": [1, 1, true]}}', '{"value": {"complex": [{"set": [1]}, 1.0]}}', '{"value": {"list": [], "set": []}}', '{"value": 1, "more": 2}', '{"error": "x"}',
     '{"error": 1, "kind": "a", "args": []}', "[" * 100_000, '{"value": ' + "9" * 5000 + "}"],
)  # fmt: skip
def test_forged_answers_are_refused_before_they_are_compared(line):
    with pytest.raises(WireError, match="not|nested"):
        read_reply(line)


def test_an_error_is_short_and_can_be_written_down():
    reply = read_reply('{"error": "' + "x" * 10**6 + '", "kind": "\\ud800", "args": []}')
    assert len(reply["error"]) == 300
    assert reply["kind"].encode() == b"?"


def test_values_with_one_hash_do_not_slow_the_comparison():
    collisions = {"set": [{"int": hex(n * (2**61 - 1))} for n in range(1, 20_000)]}
    assert not same(collisions, pack({1, 2}))
    assert same(collisions, collisions)


@pytest.mark.parametrize(
    ("found", "expected", "tolerance", "equal"),
    [
        ("6\n", "6", None, True), ("6  \n\n\n", "6\n", None, True), ("1 \n2", "1\n2\n", None, True),
        ("6", "6 ", None, True), ("\n6", "6", None, False), (" 6", "6", None, False), ("1\n\n2", "1\n2", None, False),
        ("1  2", "1 2", None, False), ("6\n7", "6", None, False), ("6", "6\n7", None, False), ("", "6", None, False),
        ("", "", None, True), ("06", "6", None, False), ("6.0", "6", None, False), ("yes", "YES", None, False),
        ("1\r\n2\r\n", "1\n2\n", None, True), ("6\x0c", "6", None, False), ("6\0", "6", None, False),
        ("0.333", "0.3333", None, False), ("0.33333", "0.33334", 1e-3, True), ("0.33", "0.34", 1e-3, False),
        ("1 0.5", "1 0.50", 1e-6, True), ("1.0000001 2", "1 2", 1e-3, False), ("5", "5.0", 1e-6, True),
        ("nan", "0.5", 1.0, False), ("inf", "0.5", 1e-3, False), ("1e400", "0.5", 1e-3, False), ("0.5 1", "0.5", 1e-3, False),
        ("0.5\n", "0.5 1", 1e-3, False), ("٣.5", "3.5", 1e-3, False), ("1_0.5", "10.5", 1e-3, False),
    ],
)  # fmt: skip
def test_output_is_compared_by_lines(found, expected, tolerance, equal):
    assert same_output(found, expected, tolerance) is equal


def test_values_are_shown_as_python_writes_them_and_short():
    value = {"a": [1, (2.5, None)], "b": {3}}
    assert show(pack(value)) == "{'a': [1, (2.5, None)], 'b': {3}}"
    assert show(pack([10**9999])) == "[an integer of 33216 bits]"
    assert len(show(pack(["x" * 10**6] * 9))) == 80
