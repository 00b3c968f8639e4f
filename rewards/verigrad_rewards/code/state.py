"""Whether a program can remember one call at the next: decided before it runs, from its compiled code alone.

Only small plain programs are shown to forget; whatever is not known to be harmless counts as memory. Then every test
gets a process of its own; a program that forgets may answer several tests in one. Imported in the bare interpreter.
"""

import builtins
import importlib
import opcode
import sys
import types
from collections.abc import Iterable

# modules whose functions leave nothing behind
PLAIN_MODULES = frozenset("bisect cmath collections functools heapq itertools math operator re string typing".split())
PLAIN_BUILTINS = frozenset(
    "abs all any ascii bin bool bytes chr complex dict divmod enumerate filter float format frozenset hex int "
    "isinstance issubclass iter len list map max min next oct ord pow print range repr reversed round set slice "
    "sorted str sum tuple type zip NotImplemented Ellipsis".split()
)
# what reaches around: attributes by their name, frames, and what writes into the function or class it is given
REACHING = frozenset(
    "attrgetter methodcaller update_wrapper wraps register overload final no_type_check dataclass_transform "
    "runtime_checkable get_overloads clear_overloads gi_frame cr_frame ag_frame gi_code f_globals f_locals f_builtins "
    "f_back tb_frame tb_next".split()
)
# a module that imports, defines functions and names constants does nothing else, in any of Python's versions
MODULE_CODES = (
    "CACHE EXTENDED_ARG RESUME NOP LOAD_CONST LOAD_SMALL_INT LOAD_NAME STORE_NAME UNPACK_SEQUENCE SWAP COPY "
    "MAKE_FUNCTION SET_FUNCTION_ATTRIBUTE IMPORT_NAME IMPORT_FROM POP_TOP BUILD_TUPLE BINARY_SUBSCR RETURN_VALUE "
    "RETURN_CONST"
)
FUNCTION_CODES_NOT = "STORE_ATTR DELETE_ATTR STORE_GLOBAL DELETE_GLOBAL LOAD_BUILD_CLASS IMPORT_STAR"


def numbers(names: str) -> frozenset[int]:
    """Return the numbers of the instructions that this version of Python has."""
    return frozenset(opcode.opmap[name] for name in names.split() if name in opcode.opmap)


IN_MODULE, NOT_IN_FUNCTION = numbers(MODULE_CODES), numbers(FUNCTION_CODES_NOT)


def can_remember(code: types.CodeType) -> bool:
    """Whether anything that a function of a compiled module does may be seen by a later call."""
    inner = list(functions_in(code))
    return not (
        IN_MODULE.issuperset(code.co_code[::2])
        and all(NOT_IN_FUNCTION.isdisjoint(each.co_code[::2]) for each in inner)
        and all(is_plain_name(name) for each in [code, *inner] for name in each.co_names)
    )


def functions_in(code: types.CodeType) -> Iterable[types.CodeType]:
    """Yield the code of all functions within ``code``."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from functions_in(constant)


def suspicious_names() -> frozenset[str]:
    """Return the names of builtins, modules and members of plain modules that may reach what outlives a call."""
    exceptions = {n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, Exception)}
    members = {
        name
        for module in PLAIN_MODULES
        for name, value in vars(importlib.import_module(module)).items()
        if isinstance(value, types.ModuleType | dict | list | set)
    }
    known = set(dir(builtins)) - PLAIN_BUILTINS - exceptions
    return frozenset(known | members | REACHING | sys.stdlib_module_names) - PLAIN_MODULES


SUSPICIOUS = suspicious_names()


def is_plain_name(name: str) -> bool:
    """Whether a name of a global, an attribute or a module reaches nothing that outlives a call."""
    return name == "__doc__" or (name[0] != "_" and name not in SUSPICIOUS and "." not in name)
