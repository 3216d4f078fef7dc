import tomllib

import pytest

from pipelines.errors import MissingInputError, SettingsError
from pipelines.settings import FILE, Settings, load
from pipelines.settings_text import default_text


def told(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    return str(caught.value)


def test_a_home_without_a_file_has_all_defaults(tmp_path):
    assert load(tmp_path).model_dump() == Settings().model_dump()


def test_the_written_file_says_exactly_the_defaults():
    assert Settings.model_validate(tomllib.loads(default_text())) == Settings()


def test_an_impossible_lookback_is_named_with_its_line(tmp_path):
    text = told(tmp_path, "[paths]\n\nlookback_days = -3\n")
    assert (
        f"{FILE}:3: paths.lookback_days = -3.0" in text
        or f"{FILE}:3: paths.lookback_days = -3" in text
    )
    assert "greater than 0" in text


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[paths]\nlokback_days = 3\n", "unknown key; did you mean 'lookback_days'?"),
        ("[model]\nuse = []\n", ":1: model: unknown key; did you mean 'models'?"),
        ("[conversions.trial]\nevnt_type = 'x'\n", ":2: conversions.trial.evnt_type: unknown key"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_word(tmp_path, text, hint):
    assert hint in told(tmp_path, text)


def test_every_problem_is_listed_at_once(tmp_path):
    text = told(tmp_path, "lake = 3\n[paths]\nlookback_days = 0\nmax_touches = 0\n")
    assert len(text.splitlines()) == 3


def test_broken_toml_is_one_sentence(tmp_path):
    assert "is not valid TOML" in told(tmp_path, "[paths\n")


def test_a_home_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingInputError, match="is not a folder"):
        load(tmp_path / "nowhere")


def test_settings_that_govern_nothing_leave_the_fingerprint_alone(tmp_path):
    (tmp_path / FILE).write_text("settle_seconds = 1.0\n[models]\nhalf_life_days = 3\n")
    changed = load(tmp_path)
    assert changed.fingerprint("paths") == Settings().fingerprint("paths")
    assert changed.fingerprint("models") != Settings().fingerprint("models")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("colapse", "unknown transform; did you mean 'collapse'?"),
        ("last_0", "unknown transform; did you mean 'last_5'?"),
        ("unique", "unknown transform; known are collapse, first_occurrences, "),
    ],
)
def test_an_unknown_transform_is_named_with_its_line_and_the_nearest_word(tmp_path, name, hint):
    text = told(tmp_path, f'[paths]\ntransforms = ["collapse", "{name}"]\n')
    assert f"{FILE}:2: paths.transforms.1 = '{name}': {hint}" in text


def test_a_lookback_of_an_unknown_kind_of_touch_is_named_with_its_line(tmp_path):
    text = told(tmp_path, "[paths]\nlookback_days = 7\nlookback_by_weight_class.clik = 3\n")
    assert f"{FILE}:3: paths.lookback_by_weight_class.clik = 'clik'" in text
    assert "'click'" in text


def test_who_solves_the_links_is_not_in_the_fingerprint_of_identity(tmp_path):
    (tmp_path / FILE).write_text("[identity]\ndriver_links = 0\n")
    assert load(tmp_path).identity.driver_links == 0
    assert load(tmp_path).fingerprint() == Settings().fingerprint()
    assert load(tmp_path).parts("identity") == Settings().parts("identity")


@pytest.mark.parametrize(
    "text",
    [
        "[paths]\ntransforms = ['last_3']\n",
        "[paths]\nlookback_by_weight_class.view = 1\n",
        "[models]\ndirect = 'Typed in'\n",
        "[conversions.order]\nlookback_days = 60\n",
    ],
)
def test_whatever_governs_paths_is_in_their_fingerprint(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert load(tmp_path).fingerprint("paths") != Settings().fingerprint("paths")


@pytest.mark.parametrize(
    "text",
    [
        "[paths]\nlookback_by_channel.Email = 60\n",
        "[paths]\nlookback_by_weight_class.view = 60\n",
        "[conversions.order]\nlookback_days = 60\n[conversions.deal]\n",
    ],
)
def test_the_longest_lookback_is_the_longest_of_any(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert load(tmp_path).longest_lookback_days == 60


def test_to_use_what_was_denied_and_drop_what_was_not_told_is_an_error(tmp_path):
    text = told(tmp_path, "[consent.advertising]\ndenied = 'use'\nunset = 'drop'\n")
    assert f"{FILE}:1: consent.advertising" in text
    assert "set denied = 'drop' too, or unset = 'use'." in text


def test_a_word_for_consent_that_nobody_knows_is_named_with_its_line(tmp_path):
    text = told(tmp_path, "[consent]\nwithdrawal = 'never'\n[consent.analytics]\ndenied = 'keep'\n")
    assert f"{FILE}:2: consent.withdrawal = 'never'" in text
    assert f"{FILE}:4: consent.analytics.denied = 'keep': Input should be 'use' or 'drop'" in text


def test_the_policy_of_consent_governs_tables_by_name(tmp_path):
    (tmp_path / FILE).write_text("[consent.analytics]\nunset = 'drop'\n")
    strict = load(tmp_path)
    assert strict.fingerprint() != Settings().fingerprint()
    parts, usual = (one.parts("paths", "consent") for one in (strict, Settings()))
    assert {name for name in parts if parts[name] != usual[name]} == {"[consent] analytics"}
