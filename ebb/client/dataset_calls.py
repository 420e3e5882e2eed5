"""Datasets: uploads tables, lists, shows and deletes them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ebb.answers import Dataset
from ebb.client.calls import Calls, given, idempotency_key
from ebb.connection import decode
from ebb.errors import DatasetNameError

ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class DatasetCalls(Calls):
    """The requests about datasets. A dataset is named by its id, or by its name if no other has it."""

    def upload_dataset(
        self,
        table: bytes | Path,
        *,
        name: str,
        target: str | None,
        id_column: str = "",
        media_type: str = "text/csv",
        **read_as: str | None,
    ) -> Dataset:
        """Upload a table, or a file in chunks; equal bytes give the same dataset. One to be scored has no target.

        `read_as` are delimiter, encoding and sheet, which are found in the file where they are not given.
        """
        labelled = {"unlabelled": "true"} if target is None else {"target": target}
        params = {"name": name, **labelled, **({"id": id_column} if id_column else {}), **given(**read_as)}
        headers = {"Content-Type": media_type, **idempotency_key()}
        return decode(
            self._connection.send("POST", "/v1/datasets", params=params, headers=headers, content=table), Dataset
        )

    def datasets(self, *, name: str | None = None) -> Iterator[Dataset]:
        """List the datasets, or those of a name, the newest first; each page is fetched when it is needed."""
        return self._pages("/v1/datasets", "datasets", Dataset, given(name=name))

    def dataset(self, named: str) -> Dataset:
        """Return the dataset of this id or name.

        Raises: DatasetNameError if none or several have the name.
        """
        if ID.fullmatch(named):
            return decode(self._get(f"/v1/datasets/{named}"), Dataset)
        found = list(self.datasets(name=named))
        if len(found) == 1:
            return found[0]
        if not found:
            raise DatasetNameError(f"there is no dataset of the id or name {named!r}: see ebb datasets list")
        ids = ", ".join(f"{each.id} of {(each.created_at or '')[:16]}" for each in found)
        raise DatasetNameError(f"several datasets are named {named!r}: give the id of one, the newest first: {ids}")

    def save_dataset(self, named: str, out: BinaryIO) -> None:
        """Download the bytes of the dataset of this id or name into `out`.

        Raises: DatasetNameError if none or several have the name.
        """
        self._connection.send("GET", f"/v1/datasets/{self.dataset(named).id}/content", save=out)

    def delete_dataset(self, named: str) -> Dataset:
        """Delete the dataset of this id or name, and return what it was; refused while something needs it.

        Raises: DatasetNameError if none or several have the name.
        """
        found = self.dataset(named)
        self._delete(f"/v1/datasets/{found.id}")
        return found
