"""The source code that decides rewards, by hash: another verifier is another measurement."""

import ast
import importlib
import inspect
import sys
import sysconfig
from pathlib import Path

from verigrad.fingerprint import fingerprint
from verigrad.scoring import Scorer

KIT = "verigrad_rewards"
INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


def sources(scorer: Scorer) -> dict[str, str]:
    """Return a hash of the source that decides every reward: its module and those it imports, or all the kit's own."""
    parts = [*scorer.correctness.values(), *scorer.shaping]
    names = {inspect.unwrap(part.reward).__module__ for part in parts}
    return {name: source_hash(name) for name in sorted(KIT if n.startswith(f"{KIT}.") else n for n in names)}


def source_hash(module: str) -> str:
    """Return a hash of the source of a module and of what it imports, or of every module of the kit's rewards."""
    file = Path(inspect.getsourcefile(importlib.import_module(module)) or "")
    files = sorted(file.parent.rglob("*.py")) if module == KIT else sorted(reached(module, set()))
    return fingerprint([f.read_bytes().hex() for f in files])


def reached(module: str, seen: set[Path]) -> set[Path]:
    """Return the source files of an imported module and of those that it imports, but for installed ones."""
    found = sys.modules.get(module)
    file = Path(getattr(found, "__file__", None) or "")
    if file.suffix != ".py" or file in seen or any(str(file).startswith(place) for place in INSTALLED):
        return seen
    seen.add(file)
    for node in ast.walk(ast.parse(file.read_bytes())):
        for name in imported(node, getattr(found, "__package__", None) or ""):
            reached(name, seen)
    return seen


def imported(node: ast.AST, package: str) -> list[str]:
    """Return the modules that a statement may import, by their full names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    above = ".".join(package.split(".")[: -node.level + 1 or None]) if node.level else ""
    base = ".".join(part for part in (above, node.module) if part)
    return [base, *(f"{base}.{alias.name}" for alias in node.names)]
