"""Settings: parsed once, every problem told together, handed to children unchanged."""

from dataclasses import fields
from pathlib import Path

import pytest
from kombu.utils.url import parse_url
from sqlalchemy.engine import make_url

from model.machine import CORES, memory_bytes
from store.errors import SettingsError
from store.settings import CLIENT, VARIABLES, Settings, read_settings

ODD = {
    "EBB_HOME": "/srv/ebb home",
    "DATABASE_URL": "postgresql://ebb:p%40ss@db.example:5433/ebb?sslmode=require",
    "DATABASE_PASSWORD_FILE": "/run/database-password",
    "REDIS_URL": "rediss://:secret@redis.example:6380/2",
    "REDIS_PASSWORD_FILE": "/run/redis-password",
    "EBB_HOST": "0.0.0.0",
    "EBB_PORT": "8080",
    "EBB_WEB_PROCESSES": "3",
    "EBB_WEB_THREADS": "7",
    "EBB_REQUEST_WAIT_SECONDS": "1.5",
    "EBB_ANSWER_SECONDS": "30",
    "EBB_PROXIES": "2",
    "EBB_REQUESTS_PER_MINUTE": "600",
    "EBB_WORKER_CONCURRENCY": "5",
    "EBB_WORKER_QUEUES": "replay, scoring",
    "EBB_LEASE_SECONDS": "45.5",
    "EBB_HEARTBEAT_SECONDS": "1.5",
    "EBB_REPUBLISH_SECONDS": "9",
    "EBB_STRIKE_LIMIT": "4",
    "EBB_QUEUE_LIMIT": "50",
    "EBB_DEADLINE_SECONDS": "3600",
    "EBB_UPLOAD_BYTES": "1000000",
    "EBB_FREE_BYTES": "0",
    "EBB_STORED_BYTES": "5000000",
    "EBB_DATASET_DAYS": "30",
    "EBB_RESULT_DAYS": "7.5",
    "EBB_VERSION_DAYS": "90",
    "EBB_WEBHOOK_HOSTS": "hooks.internal, 10.0.0.7",
    "EBB_WEBHOOK_RETRY_SECONDS": "1.5",
    "EBB_INSPECTION_BYTES": "500000000",
    "EBB_INSPECTION_SECONDS": "120",
    "EBB_TRAINING_BYTES": "1000000000",
    "EBB_TRAINING_CPU_SECONDS": "600",
    "EBB_TRAINING_FILE_BYTES": "5000000000",
    "EBB_LOG_LEVEL": "debug",
    "EBB_URL": "http://ebb.example",
    "EBB_KEY": "ebb_1_2",
}
FILES = {"DATABASE_PASSWORD_FILE": "DATABASE_URL", "REDIS_PASSWORD_FILE": "REDIS_URL"}
URLS = {"DATABASE_URL": "postgresql://ebb@db.example/ebb?sslmode=require", "REDIS_URL": "redis://redis.example:6379/0"}
WRONG = {
    "DATABASE_URL": ["nonsense", "mysql://host/x", "postgresql://host:port/x", "sqlite://", "sqlite:///:memory:"],
    "DATABASE_PASSWORD_FILE": ["/no/such/file", "/"],
    "REDIS_URL": ["nonsense", "amqp://host"],
    "REDIS_PASSWORD_FILE": ["/dev/null"],
    "EBB_PORT": ["-1", "65536", "80.5", "http", "nan"],
    "EBB_WEB_PROCESSES": ["0", "many"],
    "EBB_WEB_THREADS": ["0", "-4"],
    "EBB_REQUEST_WAIT_SECONDS": ["-1", "soon"],
    "EBB_ANSWER_SECONDS": ["0", "never"],
    "EBB_PROXIES": ["-1", "11"],
    "EBB_REQUESTS_PER_MINUTE": ["-1", "1/s"],
    "EBB_WORKER_CONCURRENCY": ["0", "1e3"],
    "EBB_WORKER_QUEUES": ["all", "training;scoring"],
    "EBB_LEASE_SECONDS": ["0", "2.9", "nan", "inf", "long"],
    "EBB_HEARTBEAT_SECONDS": ["0", "-5"],
    "EBB_REPUBLISH_SECONDS": ["0", "x"],
    "EBB_STRIKE_LIMIT": ["0", "2.5"],
    "EBB_QUEUE_LIMIT": ["0", "some"],
    "EBB_DEADLINE_SECONDS": ["-1", "inf", "soon"],
    "EBB_UPLOAD_BYTES": ["0", "2GiB"],
    "EBB_FREE_BYTES": ["-1", "1GiB"],
    "EBB_STORED_BYTES": ["-1", "0.5"],
    "EBB_DATASET_DAYS": ["-1", "36501", "nan"],
    "EBB_RESULT_DAYS": ["-1", "a week"],
    "EBB_VERSION_DAYS": ["-1", "a year"],
    "EBB_WEBHOOK_RETRY_SECONDS": ["0", "soon"],
    "EBB_INSPECTION_BYTES": ["1000000", "1GiB"],
    "EBB_INSPECTION_SECONDS": ["0", "1.5"],
    "EBB_TRAINING_BYTES": ["1000000", "80 %"],
    "EBB_TRAINING_CPU_SECONDS": ["0", "1.5"],
    "EBB_TRAINING_FILE_BYTES": ["1000"],
    "EBB_LOG_LEVEL": ["LOUD", "10"],
}


def test_every_setting_has_one_variable() -> None:
    assert [name for name, _ in VARIABLES.values()] == [field.name for field in fields(Settings)]
    assert ODD.keys() == VARIABLES.keys()


@pytest.mark.parametrize("variable", sorted(VARIABLES.keys() - FILES.keys()))
def test_each_variable_changes_its_setting_and_no_other(variable: str) -> None:
    plain, changed = read_settings({}), read_settings({variable: ODD[variable]})
    differing = {field.name for field in fields(Settings) if getattr(plain, field.name) != getattr(changed, field.name)}
    follows = {"EBB_HOME": {"database_url"}, "EBB_WORKER_CONCURRENCY": {"training_bytes"}}
    assert differing == {VARIABLES[variable][0]} | follows.get(variable, set())


@pytest.mark.parametrize(("variable", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_an_invalid_value_is_refused_with_the_name_of_its_variable(variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({variable: text})
    assert caught.value.problems[0].startswith((f"{variable}={text!r}: ", f"{variable}: "))


def test_an_error_has_all_problems() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings({**{name: texts[0] for name, texts in WRONG.items()}, "EBB_PROT": "1"})
    told = "\n".join(caught.value.problems)
    assert [name for name in [*WRONG, "EBB_PROT"] if name not in told] == []


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"EBB_PROT is not a setting; known: .*EBB_PORT"):
        read_settings({"EBB_PROT": "8000"})


def test_foreign_variables_and_empty_values_count_as_unset() -> None:
    assert read_settings({"PATH": "/bin", "EBB_PORT": "", "REDIS_URL": "  "}) == read_settings({})


def test_a_lease_too_short_for_its_heartbeat_is_refused() -> None:
    with pytest.raises(SettingsError, match="at least three times"):
        read_settings({"EBB_LEASE_SECONDS": "14"})


@pytest.mark.parametrize("environ", [{}, ODD, {"EBB_HOME": "/srv/a b#c%20?d"}, {"REDIS_URL": "unix:///run/redis.sock"}])
def test_a_child_gets_the_same_settings(environ: dict[str, str]) -> None:
    service = {k: text for k, text in environ.items() if k not in FILES and VARIABLES[k][0] not in CLIENT}
    settings = read_settings(service)
    assert read_settings(settings.environ()) == settings


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("password", ["hunter2", "p@ss/w:rd #1", "+ %41é?"])
def test_a_password_in_a_file_joins_its_url_and_no_environment(tmp_path: Path, file: str, password: str) -> None:
    path = tmp_path / "password"
    path.write_text(password + "\n", encoding="utf-8")
    settings = read_settings({**URLS, file: str(path)})
    url = getattr(settings, VARIABLES[FILES[file]][0])
    assert make_url(url).password == password
    if file == "REDIS_PASSWORD_FILE":
        assert parse_url(url)["password"] == password
    assert "hunter2" not in repr(settings)
    given = settings.environ()
    assert given[file] == str(path)
    assert make_url(given[FILES[file]]).password is None
    assert read_settings(given) == settings


@pytest.mark.parametrize("file", FILES)
def test_a_password_in_a_file_and_another_in_the_url_are_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / "password").write_text("hunter2")
    with pytest.raises(SettingsError, match=f"{file}: the URL holds a password already") as refused:
        read_settings({FILES[file]: ODD[FILES[file]], file: str(tmp_path / "password")})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("file", FILES)
def test_a_password_without_a_server_is_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / "password").write_text("hunter2")
    with pytest.raises(SettingsError, match=f"{file}: set {FILES[file]}, too"):
        read_settings({file: str(tmp_path / "password")})


@pytest.mark.parametrize("held", [b"", b"\n", b"one\ntwo\n", b"\xff", b"a\0b"])
def test_a_file_without_a_password_is_refused(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "password").write_bytes(held)
    with pytest.raises(SettingsError, match=r"DATABASE_PASSWORD_FILE: .*/password (must hold|is not UTF-8)"):
        read_settings({**URLS, "DATABASE_PASSWORD_FILE": str(tmp_path / "password")})


def test_the_number_of_processes_is_limited_by_the_memory() -> None:
    settings = read_settings({})
    assert settings.web_processes == settings.worker_concurrency <= CORES
    assert settings.web_processes * 2**28 <= max(memory_bytes() * 0.8, 2**28)


def test_jobs_that_run_at_once_share_the_memory() -> None:
    one, four = (read_settings({"EBB_WORKER_CONCURRENCY": text}).training_bytes for text in ("1", "4"))
    assert one <= memory_bytes() * 0.8
    assert four == max(one // 4, 2**28)


def test_the_command_line_wins_over_the_environment() -> None:
    assert read_settings({"EBB_PORT": "8080"}, port=9090, host=None).port == 9090


def test_without_a_database_url_there_is_a_file_below_home() -> None:
    settings = read_settings({"EBB_HOME": "/srv/ebb"})
    assert settings.database_url == "sqlite:////srv/ebb/ebb.db"
    assert settings.artifacts == Path("/srv/ebb/artifacts")


def test_home_is_absolute_so_that_children_elsewhere_agree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings({"EBB_HOME": "data"}).home == tmp_path / "data"
    assert read_settings({}).home == tmp_path / "var"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "mysql://ebb:hunter2@db/ebb"),
        ("DATABASE_URL", "mysql://ebb:p@hunter2@db/ebb"),
        ("DATABASE_URL", "postgresql:/ebb:hunter2@db/ebb"),
        ("DATABASE_URL", "postgresql://ebb:hunter2"),
        ("REDIS_URL", "http//:hunter2@h"),
    ],
)
def test_passwords_stay_out_of_messages(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable) as refused:
        read_settings({variable: value})
    assert "hunter2" not in str(refused.value)


def test_the_repr_of_settings_has_no_passwords() -> None:
    assert "secret" not in repr(read_settings({"REDIS_URL": ODD["REDIS_URL"]}))


def test_a_child_does_not_get_the_client_key_of_its_parent() -> None:
    environ = {"EBB_KEY": "ebb_1_2", "EBB_URL": "http://ebb.example"}
    assert {**environ, **read_settings(environ).environ()}.items() >= {"EBB_KEY": "", "EBB_URL": ""}.items()
