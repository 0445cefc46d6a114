from pathlib import Path

import pytest

from coterie.base.setting_names import UnknownSettingError
from coterie.base.setting_values import BadSettingError
from coterie.base.settings import (
    Settings,
    load_settings,
    settings_table,
)


def test_an_empty_environment_gives_the_defaults() -> None:
    assert load_settings({"PATH": "/bin"}) == Settings()


def test_every_kind_of_value_is_read() -> None:
    settings = load_settings(
        {
            "COTERIE_DATA_DIR": "/srv/coterie",
            "COTERIE_DATABASE_URL": "postgresql://u:p@db/c",
            "COTERIE_PORT": "9000",
            "COTERIE_FLUSH_SECONDS": "0.25",
            "COTERIE_ALLOW_PRIVATE_ADDRESSES": "true",
            "COTERIE_LOG_FORMAT": "json",
        }
    )

    assert settings.data_dir == Path("/srv/coterie")
    assert settings.database_url == "postgresql://u:p@db/c"
    assert settings.port == 9000
    assert settings.flush_seconds == 0.25
    assert settings.allow_private_addresses
    assert settings.log_format == "json"


def test_an_empty_variable_counts_as_unset() -> None:
    assert load_settings({"COTERIE_PORT": " "}).port == Settings().port


def test_a_tilde_in_the_data_folder_is_the_home_folder() -> None:
    assert load_settings({"COTERIE_DATA_DIR": "~/cdp"}).data_dir == Path.home() / "cdp"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("COTERIE_PORT", "http", r"COTERIE_PORT must be a whole number from 0 to 65535 and not"),
        ("COTERIE_PORT", "65536", r"from 0 to 65535 and not '65536'.*unset it"),
        ("COTERIE_LANES", "2.5", r"must be a whole number from 1 to 256 and not '2\.5'"),
        ("COTERIE_FLUSH_SECONDS", "nan", r"must be a number from 0 to 3600 and not 'nan'"),
        ("COTERIE_ALLOW_PRIVATE_ADDRESSES", "yes", r"must be true or false and not 'yes'"),
        ("COTERIE_LOG_FORMAT", "xml", r"must be one of console, json and not 'xml'"),
    ],
)
def test_a_bad_value_names_the_variable_its_kind_and_the_cure(
    variable: str, value: str, message: str
) -> None:
    with pytest.raises(BadSettingError, match=message):
        load_settings({variable: value})


def test_an_unknown_variable_suggests_the_nearest() -> None:
    with pytest.raises(UnknownSettingError, match="Did you mean COTERIE_WORKER_PROCESSES"):
        load_settings({"COTERIE_WORKERS_PROCESSES": "4"})


def test_an_unknown_variable_far_from_all_suggests_none() -> None:
    with pytest.raises(UnknownSettingError) as caught:
        load_settings({"COTERIE_XYZ": "4"})

    assert "Did you mean" not in caught.value.message


def test_variables_of_the_test_suite_are_passed_over() -> None:
    assert load_settings({"COTERIE_TEST_SEED": "4"}) == Settings()


def test_secrets_are_not_shown_when_settings_are_printed() -> None:
    settings = Settings(database_url="postgresql://u:hush@db/c", secret_keys="root:hush")

    assert "hush" not in repr(settings)
    assert "hush" not in str(settings.__rich_repr__())
    assert "database_url='***'" in repr(settings)


def test_the_table_holds_every_setting_with_help() -> None:
    rows = list(settings_table())

    assert len(rows) == len(Settings.__struct_fields__)
    assert all(variable.startswith("COTERIE_") and text.endswith(".") for variable, _, text in rows)
    assert ("COTERIE_PORT", "8080") in [(variable, default) for variable, default, _ in rows]
