"""The metadata of a card, as the hub reads it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from verigrad.card.facts import each
from verigrad.card.licences import Source
from verigrad.card.markdown import printable
from verigrad.evaluate.metrics import ALL, Summary
from verigrad.models.names import is_hub_id
from verigrad.recipe import Recipe
from verigrad.tasks.types import SPLIT_NAMES

# what the hub knows by its identifier; all others are "other" with a name, which it takes as well
LISTED = re.compile(
    r"apache-2\.0|mit|isc|unlicense|zlib|gemma|openrail|llama(2|3(\.[123])?)|cc0-1\.0|cc-by(-[ns][acd])*-[0-9]\.[0-9]|"
    r"(a|l)?gpl-3\.0|gpl-2\.0|bsd-[23]-clause|mpl-2\.0|other"
)


def front_matter(
    name: str, recipe: Recipe, licence: str, sources: Sequence[Source], lines: Sequence[Summary], measured: Any
) -> str:
    """Return the YAML block before the card."""
    trained = {use.name.rpartition(":")[2] for use in recipe.tasks}
    data = sorted({s.hub for s in sources if s.hub and s.task in trained})
    listed = LISTED.fullmatch(licence) is not None
    values: dict[str, Any] = {
        "license": licence if listed else "other",
        **({} if listed else {"license_name": licence}),
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["verigrad", recipe.stage, "reasoning"],
        **({"base_model": recipe.model} if is_hub_id(recipe.model) and not recipe.from_scratch else {}),
        **({"datasets": data} if data else {}),
        "model-index": [{"name": name, "results": results(lines, sources, measured)}],
    }
    return f"---\n{yaml.safe_dump(cleaned(values), sort_keys=False, allow_unicode=True, width=1000)}---\n\n"


def cleaned(value: Any) -> Any:
    """Return plain values whose texts are one line each, without control characters."""
    if isinstance(value, Mapping):
        return {key: cleaned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return " ".join(printable(value).split()) if isinstance(value, str) else value


def results(lines: Sequence[Summary], sources: Sequence[Source], measured: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the accuracy of every task, split and decoding, as shares."""
    hubs = {source.task: source.hub for source in sources}
    return [
        {
            "task": {"type": "text-generation"},
            "dataset": {
                "name": f"{line.task}, {SPLIT_NAMES[line.split]}",
                "type": hubs.get(line.task) or line.task,
                "split": line.split,
            },
            "metrics": [
                {
                    "type": "accuracy",
                    "value": round(line.accuracy.mean, 4),
                    "name": said(line, measured["decodings"][line.decode]),
                }
            ],
        }
        for line in lines
        if line.task != ALL and line.level is None and line.accuracy is not None
    ]


def said(line: Summary, decoding: Mapping[str, Any]) -> str:
    """Return how the accuracy of a line was measured."""
    if line.accuracy is None:
        return line.decode
    how = f"temperature {decoding['temperature']:g}, {each(line.samples)}, seed {decoding['seed']}"
    return (
        f"accuracy, {line.decode} ({how}), "
        f"95 % interval {line.accuracy.low:.4f} to {line.accuracy.high:.4f}, n = {line.problems}"
    )
