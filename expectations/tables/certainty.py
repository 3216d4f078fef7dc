"""How sure the figures are: intervals."""

from expectations.contract import Column, Table, Type
from expectations.tables.credit import MODEL_NAMES

ALL_CAMPAIGNS = "(all)"
LEVELS = ("channel", "campaign")
FIGURES = ("conversions", "value", "share", "roas", "cpa", "rank")
DOUBTS = ("little", "sampling", "models", "both")


def _number(about: str, nullable: bool = True) -> Column:
    return Column(Type.DOUBLE, about, nullable)


INTERVALS = Table(
    name="intervals",
    about="One row per month, model, channel or campaign, currency and figure: the figure and "
    "three numbers on how sure it is, which are never to be mixed. Population: what earned credit "
    "or cost money in the month; what cannot be computed, as ROAS without cost, has no row.",
    grain=("month", "level", "model", "channel", "campaign", "currency", "figure"),
    columns={
        "level": Column(Type.STRING, "Whether the row is of a channel or of one of its campaigns",
                        one_of=LEVELS),
        "model": Column(Type.STRING, "Attribution model", one_of=MODEL_NAMES),
        "channel": Column(Type.STRING, "Marketing channel"),
        "campaign": Column(Type.STRING, "Campaign as in `campaigns`; (all) in rows of channels"),
        "figure": Column(Type.STRING, "conversions and value credited; share of all credited "
                         "conversions; roas: value / cost; cpa: cost / conversions; rank by "
                         "conversions, 1 earns most", one_of=FIGURES),
        "amount": _number("The figure, as the model has it", nullable=False),
        "sampling_low": _number("Sampling interval, 95 %: other persons from the same crowd, the "
                                "same model", nullable=False),
        "sampling_high": _number("Its other end; null if without end, as CPA where replicates have "
                                 "no conversion"),
        "band_low": _number("Model band: the least of all models in use, the same persons",
                            nullable=False),
        "band_low_model": Column(Type.STRING, "Which model has that; of equals the first by name",
                                 one_of=MODEL_NAMES),
        "band_high": _number("The most; null if without end, as CPA where a model gives nothing"),
        "band_high_model": Column(Type.STRING, "Which model has that", one_of=MODEL_NAMES),
        "calibrated": _number("What lift tests and the model say together; null without lift "
                              "tests, for shares, and where the figure is 0 or less"),
        "calibrated_low": _number("Calibrated interval, 95 %: doubt in tests and in bias, not that "
                                  "of sampling"),
        "calibrated_high": _number("Its other end"),
        "lift_tests": Column(Type.LONG, "Lift tests that the model's bias was learned of",
                             at_least=0),
        "own_lift_tests": Column(Type.LONG, "Those among them on this channel", at_least=0),
        "is_fit_given": Column(Type.BOOLEAN, "The model is a fitted one, and the sampling interval "
                               "takes the fit as given: other persons would teach it otherwise, so "
                               "the interval is too narrow by that"),
        "doubt": Column(Type.STRING, "What makes the figure unsure: the interval of sampling, the "
                        "band of models or both are wide (the high end above 1.5 times the low "
                        "one; of ranks, more than one place)", one_of=DOUBTS),
        "currency": Column(Type.STRING, "ISO 4217; conversions are those booked in it"),
        "month": Column(Type.DATE, "First day of the month (UTC) of conversions and of spend"),
    },
    partitioned_by="month",
    rules={
        "low ends are not above high ends":
            "SELECT * FROM {table} WHERE sampling_low > sampling_high OR band_low > band_high OR "
            "calibrated_low > calibrated OR calibrated > calibrated_high",
        "the band holds the model's own figure":
            "SELECT * FROM {table} WHERE amount < band_low OR amount > band_high",
        "there is a calibrated number only where lift tests taught the bias":
            "SELECT * FROM {table} WHERE calibrated IS NOT NULL AND lift_tests = 0 "
            "OR own_lift_tests > lift_tests",
    },
)  # fmt: skip

PARTS = ("future", "stability", "lift_tests", "gates", "simulated", "verdict")
NO_MODEL = "(all)"

SCORECARD = Table(
    name="scorecard",
    about="One row per scorecard, part, model, metric and subject: how far a model is to be "
    "believed. Population: what `touchstone scorecard` worked out, each time it was asked.",
    grain=("scored_at", "part", "model", "metric", "subject"),
    columns={
        "scored_at": Column(Type.TIMESTAMP, "When it was worked out"),
        "publication_id": Column(Type.LONG, "The publication it judges", at_least=1),
        "part": Column(Type.STRING, "future: what people not learned from did later; stability; "
                       "lift_tests: each left out in turn; gates; simulated: worlds whose truth is "
                       "known; verdict: which model for which question", one_of=PARTS),
        "model": Column(Type.STRING, "Attribution or incremental model; (all) if of none"),
        "metric": Column(Type.STRING, "What was measured; in a verdict, the question"),
        "subject": Column(Type.STRING, "Of which channel, test or world; '' if of all"),
        "number": _number("The figure; null if it could not be measured"),
        "unit": Column(Type.STRING, "What the figure counts; '' in verdicts"),
        "sentence": Column(Type.STRING, "The same in plain words"),
    },
    is_appended=True,
)  # fmt: skip
