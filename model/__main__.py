"""The learning engine on the command line, without a server or database: train, sweep, backtest, predict, trace."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.backtest import backtest, together
from model.columns import Table
from model.columns.declared import text_columns
from model.columns.schema import other_columns
from model.errors import OUT_OF_MEMORY, FileError, ModelError
from model.estimator import Estimator, Fitting
from model.evaluation import warnings_of
from model.files import new_file, read_bytes, write_bytes
from model.outputs import OUTPUTS, Layout
from model.outputs.writing import write_scores
from model.parsing import first_repeated, shown
from model.scoring import score_file, usual_reading
from model.spec import PRESETS, Portfolio, Recipe, default_recipe, parse_recipe
from model.sweep.plan_parser import parse_plan
from model.sweep.standing import Standing
from model.sweep.summary import summary
from model.sweep.sweep import Sweep
from model.tables.file_reading import FileReading
from model.tables.opening import recognise
from model.tables.reader import read_table
from model.tables.reading_options import add_reading, wanted
from model.trace import trace, trace_lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Return 0 if it succeeded, else 1 with the error on standard error."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except MemoryError:
        print(f"error: {OUT_OF_MEMORY}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("train", help="train an estimator on a table")
    command.add_argument("table", type=Path, help="a CSV, NDJSON, Parquet or XLSX file")
    command.add_argument(
        "--target", required=True, help="the column to predict: churn, unless the loss of the spec is another"
    )
    command.add_argument("--id", help="the column that names customers")
    _add_recipe(command)
    command.add_argument("--out", type=Path, required=True, help="the safetensors file to write the estimator to")
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    add_reading(command)
    command.set_defaults(run=train)

    _add_sweep(commands)
    _add_backtest(commands)

    command = commands.add_parser("predict", help="score a table with an estimator")
    command.add_argument("file", type=Path, help="an estimator written by train")
    command.add_argument("table", type=Path, help="a CSV, NDJSON, Parquet or XLSX file")
    command.add_argument("--out", type=Path, required=True, help="the CSV file to write the predictions to")
    command.add_argument("--json", action="store_true", help="print the counts as JSON")
    add_reading(command)
    command.set_defaults(run=predict)

    command = commands.add_parser("trace", help="follow one record through one training step, number by number")
    command.add_argument("file", type=Path, help="an estimator written by train")
    command.add_argument("--record", required=True, help="one record as a JSON object")
    command.add_argument("--label", type=int, choices=(0, 1), default=0, help="the true outcome; 0 by default")
    command.add_argument("--json", action="store_true", help="print the numbers as JSON")
    command.set_defaults(run=trace_record)
    return top


def _add_sweep(commands: Any) -> None:
    command = commands.add_parser("sweep", help="compare configurations of a spec, and keep the best estimator")
    command.add_argument("table", type=Path, help="a CSV, NDJSON, Parquet or XLSX file")
    command.add_argument("--target", required=True, help="the column that says who churned")
    command.add_argument("--id", help="the column that names customers")
    command.add_argument(
        "--plan", type=Path, required=True, help="a JSON file with spec, configurations or space, folds and halving"
    )
    command.add_argument("--out", type=Path, required=True, help="the safetensors file to write the estimator to")
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    add_reading(command)
    command.set_defaults(run=sweep)


def _add_recipe(command: argparse.ArgumentParser) -> None:
    how = command.add_mutually_exclusive_group()
    how.add_argument("--spec", type=Path, help="a JSON file with the training spec")
    how.add_argument("--preset", choices=PRESETS, help="how much to spend on ensembles that are planned for the table")


def _add_backtest(commands: Any) -> None:
    command = commands.add_parser("backtest", help="train on the past of each period anew, and predict the period")
    command.add_argument("table", type=Path, help="a CSV, NDJSON, Parquet or XLSX file")
    command.add_argument("--target", required=True, help="the column that says who churned")
    command.add_argument("--id", help="the column that names customers")
    command.add_argument("--time", required=True, help="the column of dates or numbers that orders the rows")
    command.add_argument("--periods", type=int, default=6, help="how many of the last periods to predict; 6 by default")
    _add_recipe(command)
    command.add_argument("--json", action="store_true", help="print the result as JSON")
    add_reading(command)
    command.set_defaults(run=backtest_periods)


def train(options: argparse.Namespace) -> None:
    """Fit an estimator and write it to a file."""
    table, recipe = _table_and_recipe(options)
    started = time.perf_counter()
    fitting = Fitting(table, target=options.target, id_column=options.id, spec=recipe)
    for warning in fitting.warnings:
        print(f"warning: {warning['detail']}", file=sys.stderr)
    for report in fitting.epochs():
        if not options.json:
            held = "" if report.valid_loss is None else f"  validation loss {report.valid_loss:.4f}"
            print(f"epoch {report.epoch:>3}/{report.epochs}  training loss {report.train_loss:.4f}{held}")
    estimator = fitting.estimator()
    seconds = time.perf_counter() - started
    write_bytes(options.out, estimator.to_bytes())
    for warning in warnings_of(estimator.metrics):
        print(f"warning: {warning['detail']}", file=sys.stderr)
    wanted = ("epochs", "steps", "train_loss", "valid_loss", estimator.head.metric)
    result = {name: estimator.metrics[name] for name in wanted} | {
        "fit_seconds": round(seconds, 4),
        "sha256": estimator.weights_sha256,
    }
    show(result, options.json)


def _table_and_recipe(options: argparse.Namespace) -> tuple[Table, Recipe]:
    """Read the table, and what to train on it: a spec, a preset, or what suits its columns."""
    reading = recognised(options)
    table = read_table(options.table, reading)
    recipe: Recipe
    if options.spec is not None:
        recipe = parse_recipe(json_object(read_bytes(options.spec).decode("utf-8", "replace")))
    elif options.preset is not None:
        recipe = Portfolio(preset=options.preset)
    else:
        recipe = default_recipe(other_columns(list(table.columns), options.target, options.id))
    if texts := text_columns(dict(recipe.common.columns)):
        table = read_table(options.table, reading, texts)
    return table, recipe


def backtest_periods(options: argparse.Namespace) -> None:
    """Print the figures of each predicted period, and of all together."""
    if options.periods < 1:
        raise FileError("--periods must be 1 or more")
    table, recipe = _table_and_recipe(options)
    found = []
    for predicted in backtest(
        table, target=options.target, id_column=options.id, time=options.time, recipe=recipe, most=options.periods
    ):
        found.append(predicted)
        if not options.json:
            print("  ".join(f"{name} {value}" for name, value in predicted.to_json().items()))
    if options.json:
        print(json.dumps({"periods": [each.to_json() for each in found], "together": together(found)}))
    else:
        show(together(found), False)


def sweep(options: argparse.Namespace) -> None:
    """Compare configurations and write the winner's estimator to a file."""
    plan = parse_plan(json_object(read_bytes(options.plan).decode("utf-8", "replace")), alone=True)
    table = read_table(options.table, recognised(options), plan.text_columns)
    sweeping = Sweep(table, target=options.target, id_column=options.id, plan=plan)
    for step in sweeping.steps():
        if isinstance(step, Standing) and not options.json:
            figures = f"failed: {step.error}" if step.loss is None else f"loss {step.loss:.4f}  AUC {step.auc:.4f}"
            print(f"rung {step.rung}  configuration {step.configuration:>3}  epoch {step.epochs:>3}  {figures}")
    estimator, found = sweeping.fitting.estimator(), summary(plan, sweeping.leaderboard)
    write_bytes(options.out, estimator.to_bytes())
    if options.json:
        found["leaderboard"] = [standing.to_json() for standing in sweeping.leaderboard.rows()]
    else:
        found = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in found.items()}
    show({**found, "sha256": estimator.weights_sha256}, options.json)


def predict(options: argparse.Namespace) -> None:
    """Score a table into a CSV file."""
    estimator = Estimator.from_bytes(read_bytes(options.file))
    reading, warnings = usual_reading(estimator, options.table, wanted(options))
    with new_file(options.out) as out:
        scored = score_file(estimator, options.table, reading)
        summary = write_scores(estimator, scored, OUTPUTS["csv"](Layout.of(estimator)), out, warnings)
    for warning in summary.warnings():
        print(f"warning: {warning}", file=sys.stderr)
    show({"rows": summary.rows, "errors": summary.errors, "sha256": estimator.weights_sha256}, options.json)


def trace_record(options: argparse.Namespace) -> None:
    """Print one record's forward pass, δ, gradients and update."""
    estimator = Estimator.from_bytes(read_bytes(options.file))
    result = trace(estimator, json_object(options.record), options.label)
    if options.json:
        print(json.dumps(result.to_json(), ensure_ascii=False))
    else:
        print("\n".join(trace_lines(result)))


def recognised(options: argparse.Namespace) -> FileReading:
    """Return how the table of a command is read. Print warnings where another reading is possible."""
    reading, warnings = recognise(options.table, wanted(options))
    for warning in warnings:
        print(f"warning: {warning.detail}", file=sys.stderr)
    return reading


def json_object(text: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises: FileError when the text is not a JSON object.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique_keys)
    except ValueError as error:
        raise FileError(f"this is not JSON: {error}") from error
    except RecursionError as error:
        raise FileError("this JSON has too many brackets inside each other: use fewer levels") from error
    if not isinstance(value, dict):
        raise FileError(f"this must be a JSON object, not {shown(value)}")
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = first_repeated(name for name, _ in pairs)
        raise FileError(f"this JSON has the key {shown(twice)} twice in one object: leave one of them out")
    return found


def show(result: dict[str, Any], as_json: bool) -> None:
    """Print a result as JSON or as lines of text."""
    if as_json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:<12} {value}")


if __name__ == "__main__":
    sys.exit(main())
