"""The estimator for scikit-learn: it trains in this process what the service trains from the same table and spec."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags, assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from ebb.frames import frame_of_calls, frame_of_reasons, index_of, is_table, parquet_bytes, with_column
from model.call_list import CallList, CallListOptions
from model.campaign import Economics
from model.columns.declared import text_columns
from model.columns.schema import other_columns
from model.columns.target import parse_outcome
from model.errors import ModelError
from model.estimator import Direction, Estimator, Fitting, Reason
from model.evaluation import warnings_of
from model.files import read_bytes, write_bytes
from model.losses.binary_cross_entropy import BinaryCrossEntropy
from model.scoring import ScoredChunk, score_file
from model.spec import Recipe, default_recipe, parse_recipe
from model.tables.reader import read_table

TARGET = "churned"


class FitWarning(UserWarning):
    """A warning about the table, a column or the result, as the service gives it."""


class ChurnClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Predicts who churns, with reasons. A table is a DataFrame, or an array of numbers.

    `spec` is a training spec or the name of a preset; by default it is planned for the table, as the service does.
    `id_column` names the column of X that identifies customers; it is no input. The name of the Series y becomes the
    name of the target. A label that says who left, such as "yes" or 1, is the churn; of other labels the larger one.

    After `fit`: `estimator_`, the trained estimator; `classes_`; `churned_`, the label of churn; `sha256_`, the digest
    that a version of the service with the same table and spec has.
    """

    def __init__(self, spec: Mapping[str, object] | str | None = None, *, id_column: str | None = None) -> None:
        self.spec = spec
        self.id_column = id_column

    def fit(self, X: Any, y: Any) -> Self:
        """Train on customers whose outcome is known.

        Raises: ValueError when the table, the outcomes or the spec cannot be used; the message says what to change.
        """
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None: who churned?")
        name, X = getattr(y, "name", None) or TARGET, self._checked(X, reset=True)
        labels = self._read_labels(y)
        if len(labels) != len(X):
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[len(X), len(labels)]}")
        with _value_errors():
            data = parquet_bytes(with_column(X, str(name), labels))
            recipe = self._recipe(data, str(name))
            table = read_table(BytesIO(data), "parquet", text_columns(dict(recipe.common.columns)))
            fitting = Fitting(table, target=str(name), id_column=self.id_column, spec=recipe)
            for _ in fitting.epochs():
                pass
            self.estimator_ = fitting.estimator()
        for warning in (*self.estimator_.warnings, *warnings_of(self.estimator_.metrics)):
            warnings.warn(warning["detail"], FitWarning, stacklevel=2)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probabilities of the labels, in the order of `classes_`, shape (n, 2).

        Raises: ValueError when a value of X cannot be used.
        """
        p = np.concatenate([chunk.probabilities for chunk in self._scored(X)])
        return np.column_stack((1.0 - p, p) if self.classes_[1] == self.churned_ else (p, 1.0 - p))

    def predict(self, X: Any) -> np.ndarray:
        """Return the more probable label of each row."""
        check_is_fitted(self)
        return np.asarray(self.classes_[np.argmax(self.predict_proba(X), axis=1)])

    def explain(self, X: Any, top: int = 3, direction: Direction | None = None) -> Any:
        """Return the `top` reasons of each row, the largest first; with a direction those that raise or lower the risk.

        A DataFrame gives a DataFrame with a line a reason and the index of X, an array a list of reasons for each row.

        Raises: ValueError when a value of X cannot be used.
        """
        reasons: list[list[Reason]] = []
        for chunk in self._scored(X, top, direction):
            assert chunk.explained is not None  # noqa: S101 - asked for
            reasons += chunk.explained.reasons
        return reasons if (index := index_of(X)) is None else frame_of_reasons(reasons, index)

    def call_list(
        self,
        X: Any,
        *,
        customer_value: float | None = None,
        value_column: str | None = None,
        explain: int = 3,
        **limits: float,
    ) -> Any:
        """Return a DataFrame of whom to call, the most profitable first, with the reasons that raise their risk.

        A customer is worth `customer_value`, or what the `value_column` says; without either, the most endangered come
        first. `limits` are those of `Economics`: capacity, budget, offer_cost, contact_cost and acceptance.

        Raises: ValueError when a column or value of X cannot be used.
        """
        check_is_fitted(self)
        worth = 1.0 if customer_value is None else customer_value
        options = CallListOptions(Economics(worth, **limits), value_column, explain=explain)  # type: ignore[arg-type]
        with _value_errors():
            data = BytesIO(parquet_bytes(self._checked(X, reset=False)))
            listing = CallList(self.estimator_, data, "parquet", options)
            for _ in (*listing.rank(), *listing.explain()):
                pass
        valued = customer_value is not None or value_column is not None
        return frame_of_calls(map(json.loads, listing.lines()), listing.summary().id_name, explain, valued=valued)

    @property
    def sha256_(self) -> str:
        """The SHA-256 digest of the file that `save` writes."""
        check_is_fitted(self)
        return self.estimator_.weights_sha256

    def to_bytes(self) -> bytes:
        """Return the trained estimator as the safetensors bytes of a version."""
        check_is_fitted(self)
        return self.estimator_.to_bytes()

    def save(self, path: Path | str) -> None:
        """Write the trained estimator to a safetensors file, which `open` reads.

        Raises: FileError.
        """
        write_bytes(Path(path), self.to_bytes())

    def to_onnx(self) -> bytes:
        """Return the trained estimator as an ONNX model in double precision; needs `pip install 'ebb[onnx]'`.

        Raises: EstimatorError when ONNX cannot express a part of it.
        """
        from ebb.onnx_export import to_onnx  # noqa: PLC0415 - an extra

        check_is_fitted(self)
        return to_onnx(self.estimator_)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the classifier of a version that was downloaded or saved; its labels are 0 and 1.

        Raises: EstimatorError when the bytes are no estimator of this release.
        """
        estimator = Estimator.from_bytes(data)
        opened = cls(dict(estimator.spec), id_column=estimator.id_column)
        opened.estimator_, opened.classes_, opened.churned_ = estimator, np.array([0, 1]), 1
        return opened

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Return the classifier of a version's file.

        Raises: FileError, EstimatorError.
        """
        return cls.from_bytes(read_bytes(Path(path)))

    def _recipe(self, data: bytes, target: str) -> Recipe:
        if self.spec is None:
            names = list(read_table(BytesIO(data), "parquet").columns)
            return default_recipe(other_columns(names, target, self.id_column))
        recipe = parse_recipe(self.spec)
        if not isinstance(recipe.common.loss, BinaryCrossEntropy):
            raise ValueError("the loss of the spec must be binary_cross_entropy: ChurnClassifier learns who churned")
        return recipe

    def _read_labels(self, y: Any) -> np.ndarray:
        """Set `classes_` and `churned_`; return 1 for churn and 0 for the other label."""
        values = column_or_1d(y, warn=True)
        assert_all_finite(values)
        check_classification_targets(values)
        self.classes_, codes = np.unique(values, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(values)}."
            )
        if len(self.classes_) < 2:
            raise ValueError(f"y holds one class only, {self.classes_.tolist()}: customers of both outcomes are needed")
        churned = churned_label(self.classes_)
        self.churned_ = self.classes_[churned]
        return np.asarray(codes == churned, np.int64)

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Return a table as it is, and an array as float64. The classifier of a file takes other columns, too."""
        if is_table(X) and not reset and not hasattr(self, "n_features_in_"):
            return X
        if is_table(X):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        return validate_data(self, X, reset=reset, ensure_all_finite="allow-nan", dtype=np.float64)

    def _scored(self, X: Any, explain: int = 0, direction: Direction | None = None) -> Iterator[ScoredChunk]:
        check_is_fitted(self)
        with _value_errors():
            data = parquet_bytes(self._checked(X, reset=False))
            for chunk in score_file(self.estimator_, BytesIO(data), "parquet", explain, direction):
                for row, problems in sorted(chunk.problems.items()):
                    raise ValueError(f"row {row}{problems[0].pointer}: {problems[0].detail}")
                yield chunk

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn's checks that labels are two, and that NaN is a missing value."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Return the state, with the estimator as its bytes."""
        state: dict[str, Any] = super().__getstate__()
        fitted = state.get("estimator_")
        return state if fitted is None else {**state, "estimator_": fitted.to_bytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state."""
        fitted = state.get("estimator_")
        super().__setstate__(state if fitted is None else {**state, "estimator_": Estimator.from_bytes(fitted)})


def churned_label(classes: Sequence[object] | np.ndarray) -> int:
    """Return the place of the label that means churn.

    Example:
        >>> churned_label(["no", "yes"]), churned_label(["churned", "stayed"]), churned_label(["blue", "red"])
        (1, 0, 1)
    """
    return 0 if [parse_outcome(str(label)) for label in classes] == [1.0, 0.0] else 1


@contextmanager
def _value_errors() -> Iterator[None]:
    """Raise the errors of the engine as the ValueError that scikit-learn and its users expect."""
    try:
        yield
    except ModelError as error:
        raise ValueError(str(error)) from error
