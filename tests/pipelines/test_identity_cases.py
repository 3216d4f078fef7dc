"""What merges strangers elsewhere: every case of `benchmarks.identity_cases`, in one run."""

import dataclasses

import pyarrow.compute as pc
import pytest

from benchmarks.identity_cases import CASES, HUB
from benchmarks.identity_judged import solved
from pipelines.nobody import hashes, stop_list

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def run(_spark, tmp_path_factory):
    identities, rows = solved(_spark, str(tmp_path_factory.mktemp("cases")))
    return identities, {row.case: dataclasses.astuple(row)[1:] for row in rows}


@pytest.fixture(scope="module")
def people(run):
    """Case -> people, people found, wrongly merged, wrongly split."""
    assert set(run[1]) == set(CASES)
    return run[1]


def test_a_hub_of_devices_merges_none_of_the_people_on_them(people):
    assert HUB == 100_000
    assert people["100,000 devices on one e-mail"] == (51, 51, 0, 0)


def test_a_family_tablet_is_whose_turn_it_is(people):
    assert people["a shared family tablet"] == (3, 3, 0, 0)


def test_contacts_behind_a_role_mailbox_stay_apart(people):
    assert people["a role mailbox"] == (41, 41, 0, 0)


def test_callers_at_a_call_centre_browser_stay_apart(people):
    assert people["a call-centre browser"] == (301, 301, 0, 0)


def test_a_hash_of_nothing_is_nobody_wherever_it_stands(people):
    expected = 16 * len({text for made in hashes("") for text in (made, made.upper())})
    assert people["hashes of nothing"] == (expected, expected, 0, 0)


@pytest.mark.parametrize("case", ["words for nobody", "zeros"])
def test_what_systems_write_for_nobody_merges_nobody(people, case):
    expected, found, merged, split = people[case]
    assert expected == found > 100
    assert (merged, split) == (0, 0)


def test_what_is_nobody_is_no_identifier(run):
    values = pc.utf8_lower(pc.replace_substring_regex(run[0]["identifier"], "^[^:]*:", ""))
    assert not stop_list() & set(values.to_pylist())


def test_merged_contacts_are_one_person(people):
    assert people["a CRM merge"] == (1, 1, 0, 0)


def test_contacts_whose_merge_was_undone_are_two_people_again(people):
    assert people["a CRM merge, undone"] == (2, 2, 0, 0)


def test_an_alias_is_the_same_person(people):
    assert people["an alias"] == (1, 1, 0, 0)


def test_a_lead_and_the_contact_it_became_are_one_person(people):
    assert people["a converted lead"] == (1, 1, 0, 0)


def test_ids_of_15_and_18_characters_are_one_and_their_letter_case_counts(people):
    assert people["ids of 15 and of 18 characters"] == (3, 3, 0, 0)
