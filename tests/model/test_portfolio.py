"""The plan of a portfolio, its JSON, and what is refused."""

import pytest

from model.errors import SpecError
from model.layers.periodic import Periodic
from model.spec import PRESETS, Portfolio, Spec, default_recipe, parse_recipe
from model.spec.portfolio import COST, FEWEST_EPOCHS, MOST_EPOCHS, SMALL
from model.sweep.plan_parser import parse_plan

SIZES = (1, 30, 100, SMALL - 1, SMALL, 10_000, 1_000_000)
STAGE = {"layers": [4], "members": 2, "validation": {"folds": True}}


def networks_seconds(recipe: Portfolio, rows: int) -> float:
    return sum(COST * rows * stage.epochs * stage.members for stage in recipe.stages if stage.layers)


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_plan_is_decided_by_the_rows_alone_and_reads_back_as_it_was_written(preset: str, rows: int) -> None:
    recipe = parse_recipe(preset).planned(rows)
    assert recipe == parse_recipe({"preset": preset}).planned(rows)
    assert parse_recipe(recipe.to_json()) == recipe
    assert parse_recipe(recipe.to_json()).planned(7) == recipe
    families = {100: 0, SMALL - 1: 0}.get(rows, 0 if rows < SMALL else 1 if preset == "quick" else 2)
    assert len(recipe.stages) == 1 + families
    assert recipe.stages[0].layers == ()
    assert sum(stage.periodic is not None for stage in recipe.stages) == min(families, 1)
    assert {(stage.members, stage.validation, stage.numbers) for stage in recipe.stages} == {
        (recipe.stages[0].members, recipe.stages[0].validation, recipe.stages[0].numbers)
    }
    assert all(FEWEST_EPOCHS <= stage.epochs <= MOST_EPOCHS[preset] for stage in recipe.stages[1:])
    assert 2 <= recipe.stages[0].members <= max(2, rows // 10)


def test_an_unplanned_portfolio_reads_back_as_it_was_written() -> None:
    raw = {
        "preset": "best",
        "budget_s": 30,
        "seed": 3,
        "validation": {"time": "month", "fraction": 0.25},
        "columns": {"plan": {"drop": True}},
        "reasons": {"baseline": "stayer"},
    }
    recipe = parse_recipe(raw)
    assert recipe.stages == ()
    assert parse_recipe(recipe.to_json()) == recipe
    for stage in recipe.planned(9000).stages:
        assert (stage.seed, stage.columns, stage.reasons) == (3, recipe.common.columns, recipe.common.reasons)
        assert (stage.validation.time, stage.validation.fraction, stage.validation.folds) == ("month", 0.25, False)


@pytest.mark.parametrize("rows", [SMALL, 10_000, 1_000_000])
@pytest.mark.parametrize("preset", PRESETS)
def test_less_time_takes_epochs_and_then_members(preset: str, rows: int) -> None:
    budgets = (1e308, 200, 20, 2, 1e-9)
    plans = [parse_recipe({"preset": preset, "budget_s": seconds}).planned(rows) for seconds in budgets]
    assert plans[0].stages[1].epochs == MOST_EPOCHS[preset]
    assert (plans[-1].stages[1].epochs, plans[-1].stages[1].members) == (FEWEST_EPOCHS, 2)
    costs = [networks_seconds(plan, rows) for plan in plans]
    members = [plan.stages[1].members for plan in plans]
    assert costs == sorted(costs, reverse=True)
    assert members == sorted(members, reverse=True)
    least = COST * rows * FEWEST_EPOCHS * 2 * (len(plans[0].stages) - 1)
    for plan, cost in zip(plans, costs, strict=True):
        assert plan.budget_s is not None
        assert cost <= max(plan.budget_s, least) * 1.0001


def test_few_rows_get_logistic_regression_alone() -> None:
    [stage] = parse_recipe("best").planned(SMALL - 1).stages
    assert (stage.layers, stage.epochs > 1, stage.validation.folds) == ((), True, True)
    assert isinstance(parse_recipe("auto").planned(SMALL).stages[1].periodic, Periodic)


def test_the_default_is_a_portfolio_except_for_the_home_case() -> None:
    home = ["usage_hours", "months", "monthly_charge", "support_tickets"]
    assert default_recipe(home) == Spec()
    assert default_recipe([*home, "plan"]) == default_recipe(home[1:]) == Portfolio()


@pytest.mark.parametrize(
    ("raw", "pointers"),
    [
        ("slow", ["/preset"]),
        ({"preset": 3}, ["/preset"]),
        ({"preset": "auto", "layers": [4]}, ["/layers"]),
        ({"preset": "auto", "budget_s": 0}, ["/budget_s"]),
        ({"preset": "auto", "budget_s": "1 h", "seed": -1}, ["/budget_s", "/seed"]),
        ({"preset": "auto", "validation": {"folds": True}}, ["/validation/folds"]),
        ({"preset": "auto", "validation": {"fraction": 0}}, ["/validation/fraction"]),
        ({"preset": "auto", "validation": {"time": "a", "group": "b"}}, ["/validation/group"]),
        ({"preset": "auto", "validation": None}, ["/validation"]),
        ({"preset": "auto", "columns": {"a": {"scale": 0}}}, ["/columns/a/scale"]),
        ({"preset": "auto", "columns": {"a": {"scale": 0}}, "stages": [STAGE]}, ["/columns/a/scale"]),
        ({"preset": "auto", "stages": "all"}, ["/stages"]),
        ({"preset": "auto", "stages": [4]}, ["/stages"]),
        ({"preset": "auto", "stages": [STAGE] * 6}, ["/stages"]),
        ({"preset": "auto", "stages": [STAGE, {**STAGE, "epochs": 0}]}, ["/stages/1/epochs"]),
        ({"preset": "auto", "stages": [{**STAGE, "seed": 4}]}, ["/stages/0/seed"]),
        ({"preset": "auto", "stages": [{**STAGE, "columns": {}}]}, ["/stages/0/columns"]),
        ({"preset": "auto", "stages": [{**STAGE, "loss": "squared_error"}]}, ["/stages/0/loss"]),
        ({"preset": "auto", "stages": [STAGE, {**STAGE, "members": 3}]}, ["/stages/1/members"]),
        ({"preset": "auto", "stages": [STAGE, {**STAGE, "dtype": "float64"}]}, ["/stages/1/dtype"]),
        ({"preset": "auto", "stages": [STAGE, {**STAGE, "numbers": "scaled_and_ranked"}]}, ["/stages/1/numbers"]),
        ({"preset": "auto", "stages": [STAGE, {**STAGE, "embedding": {}}]}, ["/stages/1/embedding"]),
        ({"preset": "auto", "stages": [STAGE, {**STAGE, "validation": {}}]}, ["/stages/1/validation"]),
        (
            {"preset": "auto", "validation": {"group": "team"}, "stages": [STAGE]},
            ["/stages/0/validation"],
        ),
    ],
)
def test_a_wrong_portfolio_is_refused_with_a_pointer_to_each_problem(raw: object, pointers: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        parse_recipe(raw)
    assert [problem.pointer for problem in caught.value.problems] == pointers


@pytest.mark.parametrize("spec", ["auto", {"preset": "auto"}])
def test_a_sweep_refuses_a_preset_and_names_what_it_needs(spec: object) -> None:
    with pytest.raises(SpecError, match="/spec: a sweep compares changes of one spec, and a preset plans several"):
        parse_plan({"spec": spec, "configurations": [{"seed": 1}, {"epochs": 2}]})
