"""Measures scoring over HTTP beside its peers, in turn, with the same network, customers and machine.

python benchmarks/scoring.py [--peers PYTHON] [--seconds N] [--rounds N]

PYTHON has the dependency group `serving`; without it, Ebb is compared with an empty Flask application only. Writes its
section of docs/benchmarks.md and draws docs/images/cost-of-a-record.svg.
"""

import json
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from statistics import median

import numpy as np
from pages import IMAGES, ROOT, machine, table, write_section
from serving.home import MODEL, furnish
from serving.load import Ask, Load, measure
from serving.servers import PROCESSES, THREADS, Server, ebb, gunicorn, peers

from app.scoring.version_cache import EstimatorCache, VersionCache
from ebb.customers import customers
from store.database import open_database

VERSIONS, BATCH, CONNECTIONS = 200, 10_000, 16
SIZES = (1, 4, 16, 64, 256, 1024, 4096, 10_000)
IMAGE = "cost-of-a-record.svg"
FLOOR, EBB = "Flask, hello", "Ebb"
Results = dict[str, list[Load]]
Asks = Mapping[str, Mapping[str, Ask]]
SCORE = f"/v1/models/{MODEL}/score"


def asks(key: str, columns: Mapping[str, list[object]]) -> dict[str, dict[str, Ask]]:
    """Return the requests for each server, by the name of the measurement."""
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    kind = {"Content-Type": "application/json"}
    ours = {**kind, "Authorization": f"Bearer {key}"}
    told: dict[str, dict[str, Ask]] = {}
    for what, n in (("one", 1), ("batch", BATCH)):
        body = json.dumps({"records": records[:n]}).encode()
        frame = json.dumps({"dataframe_records": [_inputs(record) for record in records[:n]]}).encode()
        plain = Ask(("/",), body, kind)
        names = (FLOOR, "Flask + pandas + scikit-learn", "FastAPI + pydantic + scikit-learn")
        told[what] = dict.fromkeys(names, plain) | {
            "mlflow models serve": Ask(("/invocations",), frame, kind),
            EBB: Ask((SCORE,), body, ours),
        }
    told["columns"] = {EBB: Ask((SCORE,), json.dumps({"columns": columns}).encode(), ours)}
    told["explain"] = {EBB: Ask((f"{SCORE}?explain=3",), told["batch"][EBB].body, ours)}
    turns = tuple(f"{SCORE}?version={number}" for number in range(1, VERSIONS + 1))
    told["one version"] = {EBB: Ask(turns[:1], told["one"][EBB].body, ours)}
    told["all versions"] = {EBB: Ask(turns, told["one"][EBB].body, ours)}
    for n in SIZES:
        told[f"size {n}"] = {EBB: Ask((SCORE,), json.dumps({"records": records[:n]}).encode(), ours)}
    return told


def _inputs(record: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in record.items() if name != "customer_id"}


def compare(servers: Sequence[Server], asked: Asks, what: str, connections: int, options: Namespace) -> Results:
    """Load all servers in turn, several times, and report each on standard error."""
    sent = asked[what]
    found: Results = {server.name: [] for server in servers if server.name in sent}
    for each in range(options.rounds + 1):
        for server in servers:
            if server.name in sent:
                ask = sent[server.name]
                load = measure(server.url, ask, connections=connections, seconds=options.seconds, server=server.process)
                assert load.failed == 0, f"{server.name} failed {load.failed} requests"
                said = f"{load.rate:,.1f} requests/s, p99 {load.p99 * 1e3:.1f} ms"
                print(f"{what}, round {each or 'to warm up'}: {server.name}: {said}", file=sys.stderr, flush=True)
                if each:  # the first warms up
                    found[server.name].append(load)
    return found


def rate(loads: Sequence[Load]) -> float:
    """Return the median of the requests a second over the rounds."""
    return median(load.rate for load in loads)


def load_milliseconds(home: Path) -> float:
    """Return the time to load a version from the database for scoring."""
    database = open_database(f"sqlite:///{home / 'ebb.db'}")
    targets, times = VersionCache(database), []
    for number in range(1, 21):
        target = targets.by_version(MODEL, number)
        begun = time.perf_counter()
        EstimatorCache(database).get(target)
        times.append((time.perf_counter() - begun) * 1e3)
    database.close()
    return median(times)


def peer_table(one: Results, batch: Results) -> str:
    """Return a line for each server, with the ratio to Ebb."""
    rows = []
    for name, loads in one.items():
        processor = [load.processor for load in loads if load.processor is not None]
        batches = rate(batch[name]) * BATCH if name in batch else None
        rows.append(
            [
                name,
                f"{rate(loads):,.0f}",
                f"{rate(one[EBB]) / rate(loads):.2f}",
                f"{median(load.p99 for load in loads) * 1e3:.1f}",
                f"{median(processor) * 1e6:,.0f}" if processor else "",
                f"{batches:,.0f}" if batches else "",
                f"{rate(batch[EBB]) * BATCH / batches:.1f}" if batches else "",
            ]
        )
    head = ["", "requests/s", "Ebb is × as fast", "p99, ms", "processor, µs", "records/s", "Ebb is × as fast"]
    return table(head, rows)


def goals(one: Results, batch: Results, ours: Mapping[str, float]) -> str:
    """Return the goals of the design, and whether they were met."""
    own, p99 = rate(one[EBB]), {name: median(load.p99 for load in loads) for name, loads in one.items()}
    asked: list[tuple[str, float, float, bool]] = [
        ("single records, share of the floor", own / rate(one[FLOOR]), 0.55, True),
        ("p99 of single records, × the floor's", p99[EBB] / p99[FLOOR], 2.0, False),
        ("records/s as records", rate(batch[EBB]) * BATCH, 1_000_000, True),
        ("records/s as columns", ours["columns"] * BATCH, 2_000_000, True),
        ("records/s with three reasons each", ours["explain"] * BATCH, 50_000, True),
        (
            f"{VERSIONS} versions in turn, share of one version's pace",
            ours["all versions"] / ours["one version"],
            0.9,
            True,
        ),
        ("loading a version, ms", ours["load"], 20, False),
    ]
    for name, single, many in (("Flask", 3, 1.0), ("FastAPI", 8, 5), ("mlflow", 8, 5)):
        for full in one:
            if full.startswith(f"{name} ") and full != FLOOR:
                asked.append((f"single records, × {full}", own / rate(one[full]), single, True))
                asked.append((f"batches, × {full}", rate(batch[EBB]) / rate(batch[full]), many, True))
    rows = []
    for name, got, wanted, more in asked:
        met = got >= wanted if more else got <= wanted
        shown = f"{got:,.3g}" if got < 1000 else f"{got:,.0f}"
        rows.append([name, shown, f"{'≥' if more else '≤'} {wanted:,g}", "met" if met else "MISSED"])
    return table(["", "measured", "goal", ""], rows)


def draw(costs: Mapping[int, float]) -> None:
    """Draw the processor time (or wall clock time) of a record against the size of the batch."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # only drawing needs it

    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.loglog(list(costs), np.multiply(list(costs.values()), 1e6), "o-")
    axes.set_xlabel("records a request")
    axes.set_ylabel("µs a record")
    axes.set_xticks(list(costs), [f"{size:,}" for size in costs])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    IMAGES.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGES / IMAGE, metadata={"Date": None})


def _options() -> Namespace:
    parser = ArgumentParser()
    parser.add_argument("--peers", default=str(ROOT / ".venv-serving" / "bin" / "python"))
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def main() -> None:
    """Measure all servers, print the tables and write their section."""
    options = _options()
    columns = customers(BATCH, seed=5).columns()
    inputs = {name: np.asarray(values).tolist() for name, values in columns.items() if name != "churned"}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        sent = asks(furnish(home, versions=VERSIONS), inputs)
        have = Path(options.peers).exists()
        with (
            ebb(home) as own,
            gunicorn(FLOOR, "serving.flask_hello", sys.executable, home) as floor,
            peers(options.peers, home) if have else nullcontext([]) as others,
        ):
            servers = [floor, own, *others]
            one = compare(servers, sent, "one", CONNECTIONS, options)
            batch = compare(servers[1:], sent, "batch", PROCESSES * 2, options)
            alone = {}
            for what in ("columns", "explain", "one version", "all versions"):
                connections = PROCESSES * 2 if what in ("columns", "explain") else CONNECTIONS
                alone[what] = rate(compare([own], sent, what, connections, options)[EBB])
            costs, once = {}, Namespace(rounds=1, seconds=options.seconds)
            for n in SIZES:
                loads = compare([own], sent, f"size {n}", PROCESSES * 2, once)[EBB]
                costs[n] = median(load.processor or PROCESSES / load.rate for load in loads) / n
        alone["load"] = load_milliseconds(home)
    text = f"{peer_table(one, batch)}\n\n{goals(one, batch, alone)}"
    print(f"{text}\n{costs}\n{machine()}")
    draw(costs)
    how = (
        f"4-8-4-1 on 1,000 customers. {PROCESSES} processes each, {THREADS} threads under gunicorn; one record a "
        f"request at {CONNECTIONS} connections, {BATCH:,} at {PROCESSES * 2}; all servers in turn, the median of "
        f"{options.rounds} rounds. Ebb as in production: access control, metrics, logs and rate limits on, every "
        "record validated, float64."
    )
    plot = f"![Cost of a record against the records a request](images/{IMAGE})"
    write_section("scoring", f"## Scoring over HTTP\n\n{text}\n\n{plot}\n\n{how} `benchmarks/scoring.py`. {machine()}")


if __name__ == "__main__":
    main()
