"""The image and the compose file match the code, and containers have least privilege."""

import re
from typing import Any

import pytest
import yaml

from store.settings import VARIABLES
from tests.house.sources import PACKAGES, ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
PROXY = (ROOT / "deploy/nginx.conf").read_text(encoding="utf-8")
SITE: dict[str, Any] = yaml.safe_load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = SITE["services"]
STEPS = {"secrets", "owner", "migrate", "admin-key"}
ROOM = {"web", "worker", "postgres", "redis", "proxy", "prometheus"}
# What holds a secret, and who mounts it; the first of them writes it.
HOLDERS = {
    "superuser-secret": ["secrets", "postgres"],
    "owner-secret": ["secrets", "postgres", "migrate"],
    "service-secret": ["secrets", "migrate", "web", "worker"],
    "redis-secret": ["secrets", "redis", "web", "worker"],
    "keys": ["migrate", "admin-key"],
    "metrics": ["migrate", "prometheus"],
}
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_every_setting_that_the_containers_are_given_is_known() -> None:
    given = set(re.findall(r"^ +((?:EBB_|DATABASE_|REDIS_)\w+):", COMPOSE, re.MULTILINE))
    asked = set(re.findall(r"\$\{(EBB_\w+)", COMPOSE))
    assert {"DATABASE_URL", "REDIS_URL", "EBB_PORT"} <= given | asked
    assert given | asked <= VARIABLES.keys()


def test_operations_lists_every_passed_setting() -> None:
    handed_on = re.findall(r"^ +(EBB_\w+):$", COMPOSE, re.MULTILINE)
    [told] = re.findall(r"^- [^\n]*handed on to the containers.*?\n\n", OPERATIONS, re.MULTILINE | re.DOTALL)
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


def test_only_proxy_and_prometheus_are_published_and_only_on_loopback() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}
    assert published.keys() == {"proxy", "prometheus"}
    for [port] in published.values():
        assert re.fullmatch(r"127\.0\.0\.1:\$\{\w+:-\d+\}:\d+", port)


def test_every_service_is_known_here() -> None:
    assert SERVICES.keys() == STEPS | ROOM


@pytest.mark.parametrize("name", SERVICES)
def test_containers_have_least_privilege(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]
    assert not service.keys() & {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode", "env_file"}
    assert service.get("network_mode", "none") == "none"
    assert service["image"] == "ebb" or re.fullmatch(r"postgres|redis|10001:10001", service["user"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_a_limit_of_memory_and_of_processes(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(
        r"\d+[mg]" if name in STEPS else rf"\$\{{{name.upper()}_MEMORY:-\d+[mg]\}}", str(service["mem_limit"])
    )
    assert re.fullmatch(r"\d+" if name in STEPS else rf"\$\{{{name.upper()}_PIDS:-\d+\}}", str(service["pids_limit"]))
    for limit in ("MEMORY", "PIDS"):
        assert name in STEPS or f"`{name.upper()}_{limit}`" in OPERATIONS


@pytest.mark.parametrize("name", SERVICES)
def test_no_password_stands_in_an_environment_or_a_command(name: str) -> None:
    service = SERVICES[name]
    for variable, value in service.get("environment", {}).items():
        assert "PASSWORD" not in variable or variable.endswith("_PASSWORD_FILE")
        assert not re.search(r"://[^/]*:[^/]*@", str(value))
    assert not re.search(
        r"(?i)requirepass|\$\{\w*(password|secret)", f"{service.get('command')} {service.get('entrypoint')}"
    )


@pytest.mark.parametrize("volume", HOLDERS)
def test_a_secret_is_mounted_by_those_that_need_it_and_written_by_one(volume: str) -> None:
    variable = f"{volume.replace('-', '_').upper()}:-{volume}" if volume.endswith("-secret") else None
    source = "${" + variable + "}" if variable else volume
    mounts = {name: one for name, service in SERVICES.items() for one in service.get("volumes", []) if volume in one}
    assert list(mounts) == sorted(HOLDERS[volume], key=list(SERVICES).index)
    assert all(one.startswith(f"{source}:/var/lib/ebb-") for one in mounts.values())
    writing = {name for name, one in mounts.items() if not one.endswith(":ro")}
    assert writing == ({"migrate", "prometheus"} if volume == "metrics" else {HOLDERS[volume][0]})


def test_the_service_is_not_the_role_that_migrates() -> None:
    roles = {name: SERVICES[name]["environment"]["DATABASE_URL"] for name in ("migrate", "web", "worker")}
    assert roles["migrate"].startswith("postgresql://ebb@")
    assert SERVICES["postgres"]["environment"]["POSTGRES_USER"] == "postgres"
    assert roles["web"] == roles["worker"]
    assert roles["web"].startswith("postgresql://ebb_service@")
    assert "--service-role=ebb_service" in SERVICES["migrate"]["command"]


def test_services_share_a_network_only_where_one_calls_the_other() -> None:
    calls = {
        frozenset(pair)
        for caller, called in {
            "web": ["postgres", "redis"],
            "worker": ["postgres", "redis"],
            "migrate": ["postgres"],
            "proxy": ["web"],
            "prometheus": ["web"],
        }.items()
        for pair in ((caller, one) for one in called)
    }
    on = {name: set(one.get("networks", [])) for name, one in SERVICES.items()}
    assert {name for name, networks in on.items() if not networks} == STEPS - {"migrate"}
    assert all(SERVICES[name]["network_mode"] == "none" for name in STEPS - {"migrate"})
    beside = {frozenset((a, b)) for a in on for b in on if a < b and on[a] & on[b]}
    # Servers that call nobody, or steps of a worker's network, are beside each other.
    assert beside - calls == {
        frozenset(p) for p in (("postgres", "redis"), ("migrate", "worker"), ("migrate", "redis"))
    }
    assert calls <= beside


def test_only_published_services_are_on_an_external_network() -> None:
    leading = {name for name, options in SITE["networks"].items() if not (options or {}).get("internal")}
    outside = {name: leading & set(one.get("networks", [])) for name, one in SERVICES.items()}
    assert {name for name, networks in outside.items() if networks} == {"proxy", "prometheus"}
    assert all(len(networks) <= 1 for networks in outside.values())


def test_images_are_pinned_by_their_patch_release() -> None:
    images = [one["image"] for one in SERVICES.values()] + re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    foreign = {image for image in images if image != "ebb"}
    assert len(foreign) == 5
    # PostgreSQL numbers its patch releases with two numbers, as 17.11.
    pattern = r"[\w/]+:(v?\d+\.\d+\.\d+|(?<=postgres:)\d+\.\d+)(-\w+)?(@sha256:[0-9a-f]{64})?"
    assert [image for image in sorted(foreign) if not re.fullmatch(pattern, image)] == []


def test_the_image_makes_the_folders_of_its_volumes_for_its_user() -> None:
    """A named volume belongs to whom its folder belongs in the image that first mounts it."""
    [made] = re.findall(r" install -d -o 10001 -g 10001 -m 0750 ((?:.+\\\n)*.+)$", DOCKERFILE, re.MULTILINE)
    mounted = (volume for one in SERVICES.values() if one["image"] == "ebb" for volume in one["volumes"])
    assert set(made.replace("\\", "").split()) == {re.sub(r":ro$", "", volume).rpartition(":")[2] for volume in mounted}


def test_the_files_that_the_containers_mount_are_there() -> None:
    mounted = re.findall(r'"\./([\w./-]+):', COMPOSE)
    assert mounted
    assert all((ROOT / path).is_file() for path in mounted)


def test_every_answer_of_the_proxy_itself_is_a_problem_with_a_valid_status() -> None:
    """494 is nginx's own number for headers that are too long."""
    told: dict[int, int] = {}
    for numbers, other in re.findall(r"^ +error_page ([\d ]+?) *(?:=(\d+))? /-/problem;$", PROXY, re.MULTILINE):
        told |= {int(number): int(other or number) for number in numbers.split()}
    assert {400, 405, 413, 414, 494, 500, 501, 502, 503, 504, 505} <= told.keys()
    assert (told[494], told[502], told[504]) == (431, 503, 503)
    for table in re.findall(r"map \$status \$(?:title|detail) {(.*?)}", PROXY, re.DOTALL):
        assert {int(status) for status in re.findall(r"^ +(\d+) ", table, re.MULTILINE)} == set(told.values()) - {500}


def test_operations_names_the_defaults_of_the_proxy() -> None:
    script = (ROOT / "deploy/proxy.sh").read_text(encoding="utf-8")
    limits = dict(re.findall(r"\$\{(PROXY_\w+):-(\d+)\}", script))
    limits.pop("PROXY_LISTEN")
    assert len(limits) == 3
    for name, number in limits.items():
        assert f"`{name}` ({int(number):,})" in OPERATIONS
