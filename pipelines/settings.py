"""touchstone.toml: typed, with its defaults; the only place where they are written."""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from expectations.tables.credit import MODEL_NAMES, USUAL_MODEL_NAMES
from expectations.tables.journeys import LAST_N, TRANSFORMS, WEIGHT_CLASSES
from pipelines import settings_parts as sections
from pipelines.errors import MissingInputError, SettingsError
from pipelines.settings_consent import ConsentSection
from pipelines.settings_parts import Days, Section, Share
from pipelines.settings_problems import explained

FILE = "touchstone.toml"
ModelName = Literal[MODEL_NAMES]  # type: ignore[valid-type]
WeightClass = Literal[WEIGHT_CLASSES]  # type: ignore[valid-type]


def _transform(name: str) -> str:
    """The name, if a transform has it."""
    if name in TRANSFORMS or LAST_N.fullmatch(name):
        return name
    near = difflib.get_close_matches(name, [*TRANSFORMS, "last_5"], n=1)
    known = f"known are {', '.join(TRANSFORMS)}, and last_N with N from 1 to 9999"
    hint = f"did you mean '{near[0]}'?" if near else known
    raise PydanticCustomError("unknown_transform", "unknown transform; {hint}", {"hint": hint})


class TouchSection(Section):
    """What makes a touch."""

    own_domains: tuple[str, ...] = Field((), description="Hosts of yours: no touch source")
    payment_gateways: tuple[str, ...] = Field((), description="More hosts that only take payment")
    session_level: bool = Field(True, description="One touch per web session, else per new traffic")
    ai_assistants: bool = Field(False, description="AI assistants are a channel of their own")
    channel_rules: str | None = Field(None, description="Your rules file; its rules come first")


class ConversionSection(Section):
    """One kind of conversion."""

    event_type: str = Field("order", description="Events that are this conversion")
    source: str | None = Field(None, description="Only from this source")
    lookback_days: Days | None = Field(None, description="In place of paths.lookback_days")


class IdentitySection(Section):
    """When identifiers point at one person."""

    stop_list: tuple[str, ...] = Field((), description="More values that are nobody's, type:value")
    max_links: int = Field(
        10, ge=1, description="Above: an identifier links nothing (role mailbox)"
    )
    max_people_per_device: int = Field(5, ge=1, description="Above: a device is nobody's")
    max_component: int = Field(200, ge=2, description="Above: its identifiers stay apart")
    driver_links: int = Field(
        10_000_000,
        ge=0,
        description="Links that the driver solves, at 350 bytes each; of more, Spark does",
    )


class PathSection(Section):
    """Which touches may have led to a conversion."""

    lookback_days: Days = Field(30.0, description="Days before the conversion, to the instant")
    lookback_by_channel: dict[str, Days] = Field({}, description="Other lookbacks, by channel")
    lookback_by_weight_class: dict[WeightClass, Days] = Field(
        {}, description="Other lookbacks, by kind of touch; if the channel has one, the shorter"
    )
    calendar_days: bool = Field(False, description="Lookback from the start of its UTC day")
    weight_classes: tuple[WeightClass, ...] = Field(
        ("click", "visit", "response", "activity"), description="Kinds of touch that may earn"
    )
    reset_on_conversion: bool = Field(False, description="A touch counts for one conversion only")
    echo_seconds: int = Field(
        300, ge=0, description="A visit so soon after a click of its channel is that click; 0: off"
    )
    transforms: tuple[Annotated[str, AfterValidator(_transform)], ...] = Field(
        (), description="Done in turn: collapse (a run's first stays), first_occurrences, "
        "remove_direct_unless_all, remove_trailing_direct_unless_all, last_N (newest N)"
    )  # fmt: skip
    max_touches: int = Field(500, ge=1, description="Newest kept; a longer path is a machine's")


class ModelSection(Section):
    """Which models score, and how the fitted ones learn."""

    use: tuple[ModelName, ...] = Field(USUAL_MODEL_NAMES, description="Models to score")
    direct: str = Field("Direct", description="What last_non_direct and transforms call direct")
    half_life_days: Days = Field(7.0, description="Of time_decay")
    position_based: sections.PositionBasedSection = sections.PositionBasedSection()
    markov_order: int = Field(1, ge=1, le=6, description="Touches a state of the chain remembers")
    fit_every: Literal["week", "month"] = Field("month", description="Fitted as of Mondays or 1sts")
    training_days: int = Field(90, ge=1, le=3650, description="Days a fit learns from")
    min_conversions: int = Field(50, ge=1, description="Below: no fit; touches share equally")


# where the file has the path rules that section paths has not
ELSEWHERE = {"direct": "[models] direct", "lookback_by_type": "[conversions] lookback_days"}


class PathRules(PathSection):
    """Section paths, with what other sections say of paths."""

    direct: str
    lookback_by_type: dict[str, float]
    consent: ConsentSection


class Settings(Section):
    """All of touchstone.toml, with the folder it was found in."""

    home: Path = Field(Path("."), exclude=True)
    lake: str = Field("lake", description="Folder or URI of the tables")
    landing: str = Field("landing", description="Folder where files arrive")
    mappings: str | None = Field(None, description="Folder of your mapping files")
    settle_seconds: float = Field(
        5.0, ge=0, description="A file touched so lately may be half-written"
    )
    driver_memory: str = Field("4g", pattern=r"^\d+[mg]$", description="Memory of the Spark driver")
    touches: TouchSection = TouchSection()
    conversions: dict[str, ConversionSection] = Field({
        "order": ConversionSection(source="ga4"),
        "opportunity": ConversionSection(source="salesforce"),
    })  # fmt: skip
    identity: IdentitySection = IdentitySection()
    paths: PathSection = PathSection()
    consent: ConsentSection = ConsentSection()
    models: ModelSection = ModelSection()
    money: sections.MoneySection = sections.MoneySection()
    lifecycle: sections.LifecycleSection = sections.LifecycleSection()
    certainty: sections.Certainty = sections.Certainty()
    segments: dict[str, sections.SegmentSection] = Field({})
    margins: dict[str, Share] = Field(
        {}, description="Part of the net value that is margin, by conversion type, as order = 0.4"
    )
    maintain: sections.MaintainSection = sections.MaintainSection()
    report: sections.ReportSection = sections.ReportSection()

    @property
    def lake_uri(self) -> str:
        """The lake's absolute place."""
        return self.lake if "://" in self.lake else str((self.home / self.lake).resolve())

    @property
    def landing_path(self) -> Path:
        """The landing folder's absolute place."""
        return (self.home / self.landing).resolve()

    @property
    def rates_path(self) -> Path | None:
        """The user's file of rates, if there is one."""
        return self.home / self.money.rates if self.money.rates else None

    @property
    def own_mappings(self) -> Path | None:
        """The user's folder of mappings, if there is one."""
        return self.home / self.mappings if self.mappings else None

    @property
    def path_rules(self) -> PathRules:
        """All that governs paths, whichever section it stands in."""
        lookbacks = {name: kind.lookback_days for name, kind in self.conversions.items()}
        own = {name: days for name, days in lookbacks.items() if days is not None}
        told = {"direct": self.models.direct, "lookback_by_type": own, "consent": self.consent}
        return PathRules(**dict(self.paths), **told)

    @property
    def longest_lookback_days(self) -> float:
        """The longest lookback of any channel, kind of touch and type of conversion."""
        rules = self.path_rules
        kinds = rules.lookback_by_channel, rules.lookback_by_weight_class, rules.lookback_by_type
        return max(rules.lookback_days, 0, *(days for kind in kinds for days in kind.values()))

    def parts(self, *sections: str) -> dict[str, str]:
        """Every key of some sections, as the file has them, with its value as JSON; its SHA-256
        if that is long.

        >>> Settings().parts("models")["[models] markov_order"]
        '1'
        """
        content = self._governing()
        return {
            ELSEWHERE.get(key, f"[{section}] {key}"): _brief(json.dumps(value, sort_keys=True))
            for section in sections
            for key, value in content[section].items()
        }

    def _governing(self) -> dict[str, Any]:
        """All sections; section paths with all path rules, those in other sections too, except
        consent, which is a section of its own. Of segments the first that fits holds, so their
        order governs too.
        """
        moves_work_only = {"identity": {"driver_links"}}
        content = self.model_dump(mode="json", exclude=moves_work_only)
        segments = {
            name: {"place": place, **rule}
            for place, (name, rule) in enumerate(content["segments"].items())
        }
        paths = self.path_rules.model_dump(mode="json", exclude={"consent"})
        return content | {"paths": paths, "segments": segments}

    def fingerprint(self, *sections: str) -> str:
        """SHA-256 of some sections (all that govern tables if none): equal settings, equal text."""
        wanted = sections or (
            "touches", "conversions", "identity", "paths", "consent", "models", "lifecycle",
            "certainty", "segments", "margins",
        )  # fmt: skip
        chosen = {name: self._governing()[name] for name in wanted}
        return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()


def _brief(text: str) -> str:
    return text if len(text) <= 100 else hashlib.sha256(text.encode()).hexdigest()


def load(home: Path) -> Settings:
    """Settings of a home folder; all defaults if it has no touchstone.toml."""
    path = home / FILE
    if not home.is_dir():
        raise MissingInputError(f"{home} is not a folder: make it, or name another with --home.")
    text = path.read_text() if path.exists() else ""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    try:
        return Settings.model_validate({**data, "home": home})
    except ValidationError as error:
        lines = [explained(problem, path, text, Settings) for problem in error.errors()]
        raise SettingsError("\n".join(lines)) from error
