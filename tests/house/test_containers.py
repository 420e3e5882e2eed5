"""The image and the compose file know the packages and the settings that the code has.

They are read as text: a parser of YAML is no dependency of ours, and `docker compose config -q` is where there is one.
"""

import re

from store.settings import VARIABLES
from tests.house.sources import PACKAGES, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
PROXY = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_every_setting_that_the_containers_are_given_is_known() -> None:
    given = set(re.findall(r"^ +((?:EBB_|DATABASE_|REDIS_)\w+):", COMPOSE, re.MULTILINE))
    asked = set(re.findall(r"\$\{(EBB_\w+)", COMPOSE))
    assert {"DATABASE_URL", "REDIS_URL", "EBB_PORT"} <= given | asked
    assert given | asked <= VARIABLES.keys()


def test_operations_names_every_setting_that_is_handed_on() -> None:
    handed_on = re.findall(r"^ +(EBB_\w+):$", COMPOSE, re.MULTILINE)
    [told] = [line for line in OPERATIONS.splitlines() if "handed on to the containers" in line]
    assert sorted(re.findall(r"`(EBB_\w+)`", told)) == sorted(handed_on)


def test_the_image_holds_every_package() -> None:
    for folder in (*PACKAGES, "migrations"):
        assert f"COPY {folder} {folder}\n" in DOCKERFILE
        assert f"!{folder}" in IGNORED


def test_the_image_runs_as_a_numbered_user_from_hashed_wheels() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    user = re.search(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert user is not None
    assert "0" not in user.groups()
    assert "--require-hashes --only-binary :all:" in DOCKERFILE


def test_nobody_but_the_proxy_and_prometheus_is_published_and_they_only_on_loopback() -> None:
    services = re.split(
        r"^  (?=\w+:$)", COMPOSE.partition("\nservices:\n")[2].partition("\nvolumes:")[0], flags=re.MULTILINE
    )
    published = {one.partition(":")[0]: one for one in services if "\n    ports:" in one}
    assert published.keys() == {"proxy", "prometheus"}
    for one in published.values():
        assert re.search(r'ports: \["127\.0\.0\.1:\$\{\w+:-\d+\}:\d+"\]', one)


def test_the_files_that_the_containers_mount_are_there() -> None:
    mounted = re.findall(r'"\./([\w./-]+):', COMPOSE)
    assert mounted
    assert all((ROOT / path).is_file() for path in mounted)


def test_all_that_the_proxy_says_itself_is_a_problem_of_a_status_that_exists() -> None:
    """494 is nginx's own number for headers that are too long."""
    told: dict[int, int] = {}
    for numbers, other in re.findall(r"^ +error_page ([\d ]+?) *(?:=(\d+))? /-/problem;$", PROXY, re.MULTILINE):
        told |= {int(number): int(other or number) for number in numbers.split()}
    assert {400, 405, 413, 414, 494, 500, 501, 502, 503, 504, 505} <= told.keys()
    assert (told[494], told[502], told[504]) == (431, 503, 503)
    for table in re.findall(r"map \$status \$(?:title|detail) {(.*?)}", PROXY, re.DOTALL):
        assert {int(status) for status in re.findall(r"^ +(\d+) ", table, re.MULTILINE)} == set(told.values()) - {500}
