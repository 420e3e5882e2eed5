"""Embedded categorical columns: same bits, exact reasons, and a round trip through bytes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.columns import Flags, Numbers, Table, Words
from model.columns.categorical import CategoricalColumn
from model.columns.row_problems import RowProblems
from model.errors import ColumnError, EstimatorError, SpecError
from model.estimator import Estimator
from model.spec import parse_spec
from model.trace import trace
from tests.model.fitted import fit

EMBEDDED = {"embedding": {"at_least": 10}, "layers": [12, 6]}


def towns(n: int = 900, gaps: bool = True) -> Table:
    rng = np.random.default_rng(8)
    town = rng.integers(0, 40, n)
    x = rng.normal(size=n)
    chance = 1 / (1 + np.exp(-(rng.normal(size=40)[town] * 2 + x)))
    words = [None if gaps and rng.random() < 0.05 else f"town {i}" for i in town]
    return Table(
        {
            "x": Numbers(x),
            "town": Words.of(words),
            "plan": Words.of(rng.choice(["a", "b"], n).tolist()),
            "y": Numbers(rng.normal(size=n)),
            "churned": Flags((rng.random(n) < chance).astype(float)),
        },
        n,
    )


@pytest.fixture(scope="module", params=["relu", "tanh"])
def embedded(request) -> Estimator:
    return fit(towns(), members=3, activation=request.param, **EMBEDDED).estimator()


records = st.fixed_dictionaries(
    {},
    optional={
        "x": st.floats(-3, 3),
        "y": st.floats(-3, 3),
        "plan": st.sampled_from(["a", "b", "c"]),
        "town": st.one_of(st.none(), st.sampled_from([f"town {i}" for i in range(40)]), st.just("elsewhere")),
    },
)
NAMES = ("x", "y", "plan", "town")


def test_only_columns_with_enough_categories_are_embedded(embedded):
    encoder = embedded.encoder
    assert encoder.features == ("x", "town", "plan = a", "plan = b", "y")
    assert [(code.position, code.cardinality) for code in encoder.codes] == [(1, 41)]
    assert embedded.network.layers_json["layers"][0]["embedding"]["units"] == 2


@settings(max_examples=20, deadline=None)
@given(batch=st.lists(records, min_size=1, max_size=130), data=st.data())
def test_a_record_has_the_same_bits_alone_and_in_a_batch(embedded, batch, data):
    columns = {name: [record.get(name) for record in batch] for name in NAMES}
    together, reasons = embedded.predict(columns, len(batch)), embedded.contributions(columns, len(batch))
    order = data.draw(st.permutations(range(len(batch))))
    shuffled = {name: [values[i] for i in order] for name, values in columns.items()}
    assert embedded.predict(shuffled, len(batch)).tobytes() == together[order].tobytes()
    assert embedded.contributions(shuffled, len(batch)).tobytes() == reasons[order].tobytes()
    row = data.draw(st.sampled_from(range(len(batch))))
    alone = {name: [values[row]] for name, values in columns.items()}
    assert embedded.predict(alone, 1).tobytes() == together[row : row + 1].tobytes()
    assert embedded.contributions(alone, 1).tobytes() == reasons[row : row + 1].tobytes()


@settings(max_examples=20, deadline=None)
@given(batch=st.lists(records, min_size=1, max_size=100))
def test_reasons_refer_to_columns_and_sum_to_the_difference(embedded, batch):
    columns = {name: [record.get(name) for record in batch] for name in NAMES}
    shares = embedded.contributions(columns, len(batch))
    assert shares.shape == (len(batch), 4)
    difference = embedded.log_odds(columns, len(batch)) - embedded.baseline_log_odds
    assert np.abs(shares.sum(axis=1) - difference).max() <= 1e-12
    assert np.abs(embedded.explain(columns, len(batch)).gaps).max() <= 1e-12


def test_the_reason_of_an_embedded_column_is_the_path_integral_of_its_embedding():
    estimator = fit(towns(), **EMBEDDED, reasons={"baseline": {"town": "town 5"}}).estimator()
    columns = {"town": ["town 3", "town 17", None], "x": [1.0, -1.0, 0.2]}
    X = estimator.encoder.encode(estimator.read(columns, 3)[0])
    embedding, ((own, after),) = estimator.network.embedding, estimator.network.after_embedding
    base, rows = (embedding.reference(own, each, None)[0] for each in (estimator.background.rows, X))
    steps = 20_000
    total = np.zeros_like(rows)
    for t in (np.arange(steps) + 0.5) / steps:
        total += after.slopes(base + t * (rows - base))[1]
    brute = embedding.gathered((rows - base) * total / steps, X.shape[1])
    expected = np.stack([brute[:, group].sum(axis=1) for group in estimator.encoder.groups], axis=1)
    assert np.abs(estimator.contributions(columns, 3) - expected).max() < 2e-4


def test_unseen_categories_share_the_code_of_rare_ones(embedded):
    rare = towns()
    words = [*rare.columns["town"].scalars()[:-30], *["hamlet", "village", "farm", "mill", "inn", "ford"] * 5]
    estimator = fit(Table({**rare.columns, "town": Words.of(words)}, 900), **EMBEDDED).estimator()
    column = estimator.encoder.columns[1]
    assert column.rare
    alike = estimator.predict({"town": ["hamlet", "unheard of", "farm"]}, 3)
    assert len(set(alike.tolist())) == 1
    assert estimator.unseen({"town": ["hamlet", "unheard of", "town 1"]}) == {"town": 2, "plan": 0}


def test_an_estimator_round_trips_through_its_bytes_to_the_bit(embedded):
    again = Estimator.from_bytes(embedded.to_bytes())
    assert again.to_bytes() == embedded.to_bytes()
    columns = {"town": ["town 3", "elsewhere", None], "x": [1.0, None, 0.2]}
    assert again.predict(columns, 3).tobytes() == embedded.predict(columns, 3).tobytes()
    assert again.explain(columns, 3) == embedded.explain(columns, 3)


def test_an_embedding_as_first_layer_embeds_with_its_own_width():
    estimator = fit(towns(), layers=[{"embedding": 3}, 8]).estimator()
    assert estimator.encoder.codes[0].cardinality == 41
    assert estimator.network.layers_json["layers"][0]["embedding"]["units"] == 3
    with pytest.raises(SpecError, match="/embedding: must be null"):
        parse_spec({"layers": [{"embedding": 3}], "embedding": {}})


def test_specs_that_were_stored_with_the_former_defaults_keep_them():
    stored = {"at_least": 32, "width": None}
    assert (
        fit(towns(), epochs=1, embedding=stored).estimator().network.layers_json["layers"][0]["embedding"]["units"] == 6
    )
    assert parse_spec({"layers": [{"embedding": 3}], "embedding": None}).embedded.at_least == 32
    assert parse_spec({"embedding": {}}).to_json()["embedding"] == {"at_least": 10, "width": 2}


def test_nothing_is_embedded_without_an_embedding_in_the_spec():
    assert fit(towns(), epochs=1).encoder.codes == ()
    assert fit(towns(), epochs=1, embedding={"at_least": 42}).encoder.codes == ()


def test_trace_refuses_an_embedding(embedded):
    with pytest.raises(EstimatorError, match="plain dense layers"):
        trace(embedded, {"x": 1.0}, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh")), min_size=1, max_size=60), st.data())
def test_a_code_is_the_index_of_the_one_hot_feature(words, data):
    cells = Words.of(words)
    if cells.missing.all():
        return
    plain, coded = (CategoricalColumn.fit("c", cells, embed_from=start) for start in (None, 1))
    assert (plain.embedded, coded.embedded) == (False, True)
    new = data.draw(st.lists(st.one_of(st.none(), st.sampled_from("abcdefghijk")), min_size=1, max_size=30))
    read = plain.read(new, RowProblems())
    hot, code = np.empty((len(new), plain.cardinality)), np.empty((len(new), 1))
    plain.encode(read, hot)
    coded.encode(read, code)
    assert (hot.sum(axis=1) == 1).all()
    assert (hot.argmax(axis=1) == code[:, 0]).all()


def test_the_error_for_ten_thousand_categories_suggests_an_embedding():
    rng = np.random.default_rng(0)
    n = 60_000
    words = [f"street {i}" for i in rng.integers(0, 10_000, n)]
    table = Table({"street": Words.of(words), "churned": Flags((rng.random(n) < 0.3) * 1.0)}, n)
    with pytest.raises(ColumnError, match=r"too many for categories.*embed it with \"embedding\": \{\}"):
        fit(table)
    fitting = fit(table, embedding={"at_least": 8}, epochs=1, batch_size=4096)
    assert fitting.encoder.features == ("street",)
    assert fitting.warnings == ()
