"""What the words and models on the page mean."""

MODELS = {
    "first_touch": "The first touch of the path earns everything.",
    "last_touch": "The last touch of the path earns everything.",
    "last_non_direct": "The last touch that is not direct earns everything; if all are direct, "
    "the last one does.",
    "linear": "Every touch of the path earns the same.",
    "position_based": "First and last touch earn a fixed share each (40 % unless set otherwise), "
    "the touches between them share the rest.",
    "time_decay": "A touch earns half as much as one a half-life later (7 days unless set "
    "otherwise).",
    "markov": "A channel earns by how many conversions would be lost without it, in a Markov "
    "chain learned from converting and lost paths.",
    "shapley": "The channels of the path earn alike, and the touches of a channel share alike: the "
    "Shapley value where a coalition is worth the conversions of the paths inside it. Lost paths "
    "are not looked at.",
    "shapley_rate": "A channel earns by how much it raises the conversion rate, averaged over "
    "coalitions of channels. Unstable: see instability in model_versions.",
    "path_removal": "A touch earns by how much less paths like this one convert without it.",
    "shao_li": "A channel earns by the chance to convert with it, alone and beside each other "
    "channel of the path.",
    "bagged_logistic": "A channel earns by its weight in regressions of converting or not on the "
    "channels touched.",
}

TERMS = (
    ("Touch", "An event where a person met the brand and that may earn credit."),
    ("Path", "The touches of a person before a conversion, first to last, inside the look-back."),
    ("Conversions", "Conversions of the order book. Under a model a conversion is shared among "
     "its touches, so a channel's conversions are a sum of shares and not a whole number."),
    ("Net value", "Value at conversion plus refunds (which are negative), in the currency of the "
     "conversion, booked on the UTC day of the conversion. Currencies are never added up."),
    ("Credited value", "Share of a conversion times its net value, summed."),
    ("Unattributed", "Conversions without any eligible touch. They are kept, so that credit and "
     "order book agree."),
    ("Spend", "Cost as the ad platforms report it, on the account's own day. It belongs to no "
     "model."),
    ("ROAS", "Return on ad spend: credited value ÷ spend, in money of the same currency. 1 means "
     "that as much value was credited as was spent; it is value, not margin."),
    ("CPA", "Cost per acquisition: spend ÷ credited conversions, in money per conversion."),
    ("Stage", "Where in its life with the brand a person is at a touch, by what came before it; "
     "the settings choose the stage map. Credit counts for the stage of the touch that earned."),
    ("Index of use", "Share of credited conversions ÷ share of touches that may earn. It "
     "describes one model and is no effect: those met more often may be readier to buy anyway."),
    ("Day, month", "UTC days and months, except that spend keeps the account's day."),
)  # fmt: skip
