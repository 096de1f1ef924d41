"""Corrupts an answer after execution, the way no GraphQL server should and some day one does.

NOT here: who asks for it (`Purchase.raw_patch`).
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from standins.shopify.money_view import Tree


def corrupt(data: Any, patches: Mapping[tuple[str | int, ...], Sequence[Tree]]) -> Any:  # noqa: ANN401 -- any JSON
    """A copy of the answer with every patch applied whose path the answer has; others do nothing.

    Args:
        data: The answer's `data`.
        patches: By the response path of the order; a patch's own path is dotted response keys and list places.
    """
    changed = copy.deepcopy(data)
    for base, wanted in patches.items():
        for patch in wanted:
            _apply(changed, [*base, *patch["path"].split(".")], patch)
    return changed


def _apply(node: Any, path: list[str | int], patch: Tree) -> None:  # noqa: ANN401 -- any JSON
    *way, last = path
    for step in way:
        node = _step(node, step)
        if node is None:
            return
    if isinstance(node, dict) and last in node:
        if patch["action"] == "remove":
            del node[last]
        else:
            node[last] = patch["value"]
    elif isinstance(node, list) and str(last).isdecimal() and int(last) < len(node):
        if patch["action"] == "remove":
            del node[int(last)]
        else:
            node[int(last)] = patch["value"]


def _step(node: Any, step: str | int) -> Any:  # noqa: ANN401 -- any JSON
    if isinstance(node, dict):
        return node.get(step)
    if isinstance(node, list) and str(step).isdecimal() and int(step) < len(node):
        return node[int(step)]
    return None
