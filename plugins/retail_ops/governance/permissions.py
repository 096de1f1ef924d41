"""What a person or service may do, and which role carries it (`permissions.yaml`)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from retail_ops.governance.files import Governed, load


class Permission(StrEnum):
    """Every act that needs a permission; the CLI, the console and human-in-the-loop tasks ask for it by this name."""

    REPLAY = "replay"
    RELEASE = "release"
    EDIT = "edit"
    CANCEL = "cancel"
    ASSIGN = "assign"
    WRITE_OFF = "write_off"
    APPROVE_PRICE = "approve_price"
    APPROVE_STOCK = "approve_stock"
    APPROVE_GOVERNANCE = "approve_governance"
    SIGN_OFF = "sign_off"
    SEE_PERSONAL_DATA = "see_personal_data"
    ERASE_PERSON = "erase_person"
    MIGRATE = "migrate"


Name = Annotated[str, Field(min_length=1, max_length=100)]


class Permissions(Governed):
    """`permissions.yaml`: permissions by role, roles by principal.

    Attributes:
        members: Principals are the log-in names of Airflow, `local` is whoever has a shell on the machine itself.
    """

    version: Literal[1]
    owner: Name
    roles: dict[Name, frozenset[Permission]]
    members: dict[Name, frozenset[Name]]

    @model_validator(mode="after")
    def _roles_exist(self) -> Permissions:
        for principal, roles in sorted(self.members.items()):
            unknown = sorted(roles - set(self.roles))
            if unknown:
                raise ValueError(f"members.{principal}: there is no role {', '.join(unknown)}")
        return self


def load_permissions(root: Path) -> Permissions:
    """Return the permissions.

    Raises:
        ConfigurationError: The file is missing, or a role or permission in it is unknown.
    """
    return load(root / "permissions.yaml", Permissions)
