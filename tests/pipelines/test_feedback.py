"""Answers of all scales on one scale, and how a touch that holds one was felt."""

import pytest

from tests.pipelines.tables import read
from tests.pipelines.test_touchpoints import mail, touched

pytestmark = pytest.mark.spark


def test_answers_are_put_on_one_scale_and_decide_how_a_touch_was_felt(spark):
    told = {
        "a": {"metric": "nps", "score": "9"}, "b": {"metric": "NPS", "score": "6"},
        "c": {"nps_group": "Passive", "score": "7"}, "d": {"metric": "nps", "score": "11"},
        "e": {"metric": "csat", "score": "4", "scale_min": "1", "scale_max": "5"},
        "f": {"metric": "csat", "score": "4"}, "g": {"metric": "csat", "score": "good"},
        "h": {"metric": "ces", "score": "1", "scale_min": "1", "scale_max": "1"}, "i": {},
    }  # fmt: skip
    rows = [mail(name, "feedback", attributes=attributes) for name, attributes in told.items()]
    rows += [mail("j", "ticket_opened", attributes={"satisfaction": "bad"}),
             mail("k", "ticket_opened", attributes={"satisfaction": "offered", "metric": "nps"}),
             mail("l", "email_complaint")]  # fmt: skip
    found = read(touched(spark, rows), "touchpoint_id", "feedback_metric", "feedback_score",
                 "valence")  # fmt: skip
    assert [(name, kind, score and float(score), felt) for name, kind, score, felt in found] == [
        ("a", "nps", 0.9, "positive"), ("b", "nps", 0.6, "negative"), ("c", "nps", 0.7, "neutral"),
        ("d", "nps", None, "neutral"), ("e", "csat", 0.75, "positive"),
        ("f", "csat", None, "neutral"), ("g", "csat", None, "neutral"),
        ("h", "ces", None, "neutral"), ("i", None, None, "neutral"),
        ("j", "csat", 0.0, "negative"), ("k", None, None, "neutral"),
        ("l", None, None, "negative"),
    ]  # fmt: skip
