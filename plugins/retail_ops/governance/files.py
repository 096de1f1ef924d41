"""Reads one governance file into its model, or says exactly which file and field is wrong."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from typing_extensions import override

from retail_ops.contracts.errors import ConfigurationError


class Governed(BaseModel):
    """Base of every governance model: frozen, nothing unknown is let through."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Model = TypeVar("Model", bound=Governed)


def load(path: Path, model: type[Model]) -> Model:
    """Return the file as a model.

    Raises:
        ConfigurationError: The file is missing, no YAML, or a field does not fit; every wrong field is named.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_EachKeyOnce)  # noqa: S506 - a SafeLoader
    except FileNotFoundError as error:
        raise ConfigurationError(f"governance file {path.name} is missing in {path.parent}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"governance file {path.name} cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"governance file {path.name} is no YAML: {error}") from error
    return fit(content, model, path)


def fit(content: object, model: type[Model], path: Path, *, at: tuple[str, ...] = ()) -> Model:
    """Return a part of a file as a model.

    Args:
        content: What the file says there.
        model: What it has to be.
        path: The file, for the message.
        at: Where in the file the part stands; empty for the whole.

    Raises:
        ConfigurationError: Names the file and every field that does not fit.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, (*at, *e['loc']))) or '(file)'}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"governance file {path.name}: {faults}") from error


class _EachKeyOnce(yaml.SafeLoader):
    """Refuses a key that stands twice: plain YAML takes the last and says nothing."""

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} stands twice", key_node.start_mark)
            if isinstance(key, Hashable):
                seen.add(key)
        return super().construct_mapping(node, deep)
