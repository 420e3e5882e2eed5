"""The registry: models, their versions, and the aliases that point at versions."""

from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import quote

import msgspec

from ebb.answers import Alias, Diff, ModelDetails, Move, RegisteredModel, Version
from ebb.client.calls import Calls, given, model_path
from ebb.connection import decode
from ebb.errors import RefusedError


class RegistryCalls(Calls):
    """The requests about models, versions and aliases."""

    def models(self) -> Iterator[RegisteredModel]:
        """List the registered models, by name."""
        return self._pages("/v1/models", "models", RegisteredModel)

    def model(self, name: str) -> ModelDetails:
        """Return a registered model with its aliases."""
        return decode(self._get(model_path(name)), ModelDetails)

    def version(self, model: str, version: int) -> Version:
        """Return a version."""
        return decode(self._get(_version(model, version)), Version)

    def versions(self, model: str) -> Iterator[Version]:
        """List a model's versions, the newest first."""
        return self._pages(f"{model_path(model)}/versions", "versions", Version)

    def weights(self, model: str, version: int) -> bytes:
        """Download a version as safetensors bytes, which `ChurnClassifier.from_bytes` opens."""
        return self._get(f"{_version(model, version)}/weights").content

    def delete_version(self, model: str, version: int) -> None:
        """Delete a version; refused while an alias or an unfinished job needs it."""
        self._delete(_version(model, version))

    def diff(self, model: str, version: int, against: int, **options: str | int | None) -> Diff:
        """Compare two versions; `options` are dataset, threshold, most and explain."""
        return decode(self._get(f"{_version(model, version)}/diff", {"against": against, **given(**options)}), Diff)

    def alias(self, model: str, alias: str) -> tuple[Alias, str] | None:
        """Return an alias and the entity tag that its next move must send; None if there is no such alias."""
        try:
            response = self._get(_alias(model, alias))
        except RefusedError as error:
            if error.problem.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        pointer = decode(response, Alias)
        return pointer, response.headers.get("ETag", f'"{pointer.revision}"')

    def move_alias(self, model: str, alias: str, version: int) -> Alias:
        """Move an alias to a version, or create it; refused with 412 if another caller moves it meanwhile."""
        current = self.alias(model, alias)
        condition = {"If-Match": current[1]} if current else {"If-None-Match": "*"}
        response = self._connection.send(
            "PUT",
            _alias(model, alias),
            headers={"Content-Type": "application/json", **condition},
            content=msgspec.json.encode({"version": version}),
        )
        return decode(response, Alias)

    def roll_back(self, model: str, alias: str) -> Alias:
        """Move an alias back to its version before; refused with 409 if there is none, 412 if it moves meanwhile."""
        current = self.alias(model, alias)
        headers = {"If-Match": current[1]} if current else None
        return decode(self._post(f"{_alias(model, alias)}/rollback", None, headers=headers), Alias)

    def alias_history(self, model: str, alias: str) -> Iterator[Move]:
        """List the moves of an alias, the latest first."""
        return self._pages(f"{_alias(model, alias)}/history", "moves", Move)


def _version(model: str, version: int) -> str:
    return f"{model_path(model)}/versions/{version}"


def _alias(model: str, alias: str) -> str:
    return f"{model_path(model)}/aliases/{quote(alias, safe='')}"
