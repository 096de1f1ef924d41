"""Reads one governance file into its model, or says exactly which file and field is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

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
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigurationError(f"governance file {path.name} is missing in {path.parent}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"governance file {path.name} is no YAML: {error}") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or '(file)'}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"governance file {path.name}: {faults}") from error
