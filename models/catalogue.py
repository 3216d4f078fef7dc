"""What each model is, in words: the table of docs/models.md."""

from __future__ import annotations

from dataclasses import dataclass

from models.registry import MODELS, OF_TIMES, learns

INTRODUCTION = """# Models

Every attribution model, by its name in `[models] use`. Made from `models/catalogue.py` by
`make docs`; do not edit.

All of them are **descriptive credit**: each conversion is shared among its touches and the shares
sum to 1, so together they hand out all conversions, also those that would have come anyway. None
says how many conversions a channel caused. *Rule*: learns nothing. *Fitted*: learns from counted
paths and is frozen in `model_versions`, with figures that tell how far to believe the fit; a fit
on paths it cannot learn from is refused there, and touches then share alike. *Fitted on times*:
needs when each path was touched and ended, which counted paths do not hold, so it is used from
Python and cannot be named in settings. A fit reads two million distinct paths at most, the
most common ones; of the people whose path is rarer it tells the share, `left_out_share`.
"""
INCREMENTAL = """
## Conversions that channels caused

Three models do not share conversions out: they tell what each channel caused and keep a
`(baseline)` that would have come anyway. They read people with all their days, not paths, and are
used from Python. All are causal only under assumptions; read their gates before their figures.
How far each is from the truth in simulated worlds: `python -m benchmarks.truth`, and `--unseen` for
worlds that no model was made in.

- **Hazard logit** (`models/incremental.py`): the chance to buy on a day from exposure and what
  visits betray; Aumann-Shapley split of each purchase. Intent that visits do not betray is taken
  for an effect.
- **Intent model** (`models/intent.py`): a hidden Markov model of intent, in the line of Abhishek,
  Fader and Hosanagar 2012. States of intent set how often people search, come, read and buy; who
  buys anyway buys once a day, and touches cannot add to that. Channels add to the chance to buy in
  a given state and some to the chance that intent rises; classes of people differ in all of it,
  against hidden targeting. What a channel caused is what is lost when the fitted model runs without
  it on the same luck (g-formula, Robins 1986). It learns from all people who buy and from a sample
  of the others that stands for the rest. Gates (`models/intent_gates.py`): the log likelihood never
  falls, the running model makes the numbers seen within a tenth, no channel is aimed at people who
  buy anyway or met only with intent, exposure overlaps, touches of other people are given nothing.
- **Reported model** (`models/reported.py`): the one to report. The intent model in three forms, as
  nobody knows how intent moves: few states in which people stay; many, which intent leaps into and
  fades from; and people who differ in touches only. A form that fails the second gate, or is
  clearly less likely than another, is left out and the answer says so; if none is left, there is
  no answer. Each channel has the least over the forms, as confounding gives too much almost
  always, with the band between them, which is no interval. Which channels may raise intent is
  read from the data (`models/unasked.py`): those met as often on days of interest as on others.
  Channels that follow intent are the hard ones: in ten simulated worlds all channels together are
  given 0.8 to 1.4 times what they cause, most where intent leaps so high that every witness is met
  for sure ([results](../benchmarks/RESULTS.md)). An alarm names such channels; a lift test of
  them (`models/calibrate.py`) is what helps.
"""


@dataclass(frozen=True)
class Entry:
    """What a model computes and from where, which question that answers, and what it does not."""

    formula: str
    answers: str
    caveat: str


ENTRIES = {
    "first_touch": Entry(
        "The first touch of the path earns 1.", "Which channel begins paths?",
        "Nothing that follows counts; longer lookbacks move it.",
    ),
    "last_touch": Entry(
        "The last touch of the path earns 1.", "Which channel ends paths?",
        "Favours channels that people about to convert use anyway.",
    ),
    "last_non_direct": Entry(
        "The last touch that is not direct earns 1; the last one if all are direct.",
        "Which channel ends paths, other than coming by oneself?", "As last_touch.",
    ),
    "linear": Entry(
        "Every touch earns 1/m of a path of m touches.", "Which channels are touched most?",
        "Many touches earn much, whatever they did.",
    ),
    "position_based": Entry(
        "First and last touch earn .4 each (or as set), those between share the rest; two touches "
        "share as first to last.", "Which channels begin and end paths?",
        "The weights are an opinion.",
    ),
    "time_decay": Entry(
        "A touch weighs 2^(-age / half-life), its age counted from the youngest touch.",
        "Which channels are touched shortly before conversions?", "The half-life is an opinion.",
    ),
    "markov": Entry(
        "Removal effect F[s,C] F[C,C]^-1 m[C] / m[s] in the chain of the last k channels; totals "
        "in proportion to effects, touches fitted to totals. Anderl et al. 2016.",
        "Through which channels do conversions pass?",
        "Effects sum to more than 1 and removal means giving up. Without lost paths no removal "
        "effect (`meaning`). Where `fit_error` is above 0, touches cannot add up to the totals.",
    ),
    "shapley": Entry(
        "Shapley value of v(S) = conversions of paths inside S, in closed form: each channel of "
        "the path earns 1/|channels|, its touches alike; by position that is the ordered value. "
        "Zhao et al. 2018.", "Which channels take part in conversions?",
        "Looks at converting paths only: linear over distinct channels, no effect of anything.",
    ),
    "shapley_rate": Entry(
        "Shapley value of v(S) = conversion rate of paths inside S: exact to 20 channels by zeta "
        "transform, seeded draws beyond; totals in proportion to values above 0.",
        "Which channels are in coalitions that convert more often?",
        "Unstable: rates of few paths weigh as much as of many, values may be negative. Read "
        "`instability`, `negative_share`, `fit_error` first.",
    ),
    "path_removal": Entry(
        "p(path) - p(path without the touch), not below 0, over their sum; last touch if all are "
        "0. Unseen paths take the share of the longest ending seen. The effect of Google's "
        "fractribution (`unseen=\"zero\"`).", "Which touches do better paths have than worse ones?",
        "No Shapley value. Rare paths decide much; rates of paths are not effects of touches.",
    ),
    "shao_li": Entry(
        "p(i) + 1/(2(|S|-1)) sum over j of (p(i,j) - p(i) - p(j)) in a converting path with "
        "channels S, in proportion. Shao and Li 2011.",
        "Which channels, and pairs of them, are on paths that convert often?",
        "Raw totals do not sum to conversions. Chances follow intent, not only ads.",
    ),
    "bagged_logistic": Entry(
        "Mean coefficient of ridge logits of converting on channels touched, over bags of paths "
        "and channels; in proportion, not below 0. Shao and Li 2011.",
        "Which channels tell converting from lost paths, others held fixed?",
        "Coefficients follow intent; negative ones earn nothing. Read `largest_variability`.",
    ),
    "additive_hazard": Entry(
        "hazard(t) = baseline + sum of impact decay exp(-decay age), by expectation and "
        "maximisation; a touch earns its part at the conversion. Zhang et al. 2014.",
        "Which touches were still at work when people converted?",
        "Takes exposure as given at random. Without a baseline, ads get all; with one, credit "
        "still sums to 1 and `baseline_share` tells what ads did not make.",
    ),
}  # fmt: skip


def kind(name: str) -> str:
    """Rule, fitted, or fitted on times.

    >>> kind("linear"), kind("markov"), kind("additive_hazard")
    ('rule', 'fitted', 'fitted on times')
    """
    if name in OF_TIMES:
        return "fitted on times"
    return "fitted" if learns(name) else "rule"


def page() -> str:
    """The page: one row per model of the registry."""
    head = ["| model | kind | formula and source | answers | caveat |", "|---|---|---|---|---|"]
    rows = [
        f"| `{name}` | {kind(name)} | {_cell(ENTRIES[name].formula)} "
        f"| {ENTRIES[name].answers} | {_cell(ENTRIES[name].caveat)} |"
        for name in MODELS
    ]
    return "\n".join([INTRODUCTION, *head, *rows, INCREMENTAL])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
