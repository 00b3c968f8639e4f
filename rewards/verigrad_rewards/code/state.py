"""Whether a program can remember one call at the next: decided before it runs, from its compiled code alone.

Only small plain programs are shown to forget: the module imports, defines functions and names constants, and its
functions use nothing but builtins, methods and functions of modules that are known to leave nothing behind. Whatever is
not on these lists counts as memory, and then every test gets a process of its own; a program that forgets may answer
several tests in one. Imported in the bare interpreter.
"""

import builtins
import importlib
import opcode
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable
from typing import TypeVar

PLAIN_BUILTINS = (
    "abs all any ascii bin bool bytes chr complex dict divmod enumerate filter float frozenset hex int isinstance iter "
    "len list map max min next oct ord pow print range repr reversed round set slice sorted str sum tuple zip"
)
PLAIN_TYPES = (
    str, bytes, int, float, complex, list, tuple, dict, set, frozenset, range, Counter, OrderedDict, defaultdict, deque,
)  # fmt: skip
# by module, the members that are plain; all where none are named
PLAIN_MEMBERS = {
    "bisect": "",
    "cmath": "",
    "heapq": "",
    "itertools": "",
    "math": "",
    "collections": "Counter OrderedDict defaultdict deque",
    "functools": "cmp_to_key reduce",
    "operator": "add and_ floordiv itemgetter mod mul neg or_ sub truediv xor",
    # the cache of patterns is emptied between calls
    "re": "findall finditer fullmatch match search split sub group groups start end",
    "string": "ascii_letters ascii_lowercase ascii_uppercase digits hexdigits punctuation whitespace",
    "typing": "Any Callable Deque Dict FrozenSet Iterable Iterator List Mapping Optional Sequence Set Tuple Union",
}
# of a method that writes attributes into text, and of what leads from a generator or an error to the module's names
NEVER = frozenset(
    "register "
    "format format_map gi_frame gi_code gi_yieldfrom f_globals f_locals f_builtins f_back f_code f_trace tb_frame "
    "tb_next cr_frame cr_code cr_await ag_frame ag_code ag_await".split()
)
# a module that imports, defines functions and names constants does nothing else, in any of Python's versions
MODULE_CODES = (
    "CACHE EXTENDED_ARG RESUME NOP LOAD_CONST LOAD_SMALL_INT LOAD_NAME STORE_NAME UNPACK_SEQUENCE SWAP COPY "
    "MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE IMPORT_NAME IMPORT_FROM POP_TOP BUILD_TUPLE BINARY_SUBSCR RETURN_VALUE "
    "RETURN_CONST"
)
FUNCTION_CODES_NOT = (
    "STORE_ATTR DELETE_ATTR STORE_GLOBAL DELETE_GLOBAL LOAD_BUILD_CLASS IMPORT_STAR MATCH_CLASS SETUP_ANNOTATIONS"
)


def numbers(names: str) -> frozenset[int]:
    """Return the numbers of the instructions that this version of Python has."""
    return frozenset(opcode.opmap[name] for name in names.split() if name in opcode.opmap)


def members_beside(plain: frozenset[str]) -> frozenset[str]:
    """Return the other members of the modules: what a program may not call its own, or it would be let through."""
    members = {n: v for module in PLAIN_MEMBERS for n, v in vars(importlib.import_module(module)).items()}
    return frozenset(name for name, value in members.items() if not isinstance(value, TypeVar)) - plain


def plain_names() -> frozenset[str]:
    """Return the names of globals, attributes and modules that reach nothing which outlives a call."""
    exceptions = [n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, Exception)]
    methods = [name for kind in PLAIN_TYPES for name in dir(kind)]
    members = [n for m, named in PLAIN_MEMBERS.items() for n in named.split() or dir(importlib.import_module(m))]
    known = {*PLAIN_BUILTINS.split(), *exceptions, *methods, *members, *PLAIN_MEMBERS}
    return frozenset(name for name in known if name[0] != "_" and name not in NEVER) | {"__doc__"}


IN_MODULE, NOT_IN_FUNCTION = numbers(MODULE_CODES), numbers(FUNCTION_CODES_NOT)
STORE_NAME, IMPORT_NAME, IMPORT_FROM, EXTENDED_ARG = (
    opcode.opmap[name] for name in ("STORE_NAME", "IMPORT_NAME", "IMPORT_FROM", "EXTENDED_ARG")
)
PLAIN = plain_names()
NOT_OWN = NEVER | members_beside(PLAIN)


def can_remember(code: types.CodeType) -> bool:
    """Whether anything that a function of a compiled module does may be seen by a later call."""
    codes = [code, *functions_in(code)]
    own = {name for name in operands(code, STORE_NAME) if name[0] != "_"} - NOT_OWN
    return not (
        IN_MODULE.issuperset(code.co_code[::2])
        and all(NOT_IN_FUNCTION.isdisjoint(each.co_code[::2]) for each in codes)
        and all(name in PLAIN_MEMBERS for each in codes for name in operands(each, IMPORT_NAME))
        and all(name in PLAIN for each in codes for name in operands(each, IMPORT_FROM))
        and all(name in PLAIN or name in own for each in codes for name in each.co_names)
    )


def functions_in(code: types.CodeType) -> Iterable[types.CodeType]:
    """Yield the code of all functions within ``code``."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from functions_in(constant)


def operands(code: types.CodeType, wanted: int) -> Iterable[str]:
    """Yield the names that the instructions of one kind work on."""
    number = 0
    for operation, low in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        number = number << 8 | low
        if operation == wanted:
            yield code.co_names[number]
        number = number if operation == EXTENDED_ARG else 0
