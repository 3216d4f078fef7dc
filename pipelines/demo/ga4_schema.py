"""Fixed parts of the GA4 export: its Parquet schema, devices and places."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def _struct(**fields: pa.DataType) -> pa.DataType:
    return pa.struct(list(fields.items()))


def _texts(names: str, **more: pa.DataType) -> pa.DataType:
    return _struct(**{name: pa.string() for name in names.split()}, **more)


_VALUE = {
    "string_value": pa.string(),
    "int_value": pa.int64(),
    "float_value": pa.float64(),
    "double_value": pa.float64(),
}
_CAMPAIGN = "campaign_id campaign_name source medium term content source_platform"
GA4_SCHEMA = pa.schema(
    {
        "event_date": pa.string(),
        "event_timestamp": pa.int64(),
        "event_name": pa.string(),
        "event_params": pa.list_(_struct(key=pa.string(), value=_struct(**_VALUE))),
        "event_previous_timestamp": pa.int64(),
        "event_bundle_sequence_id": pa.int64(),
        "event_server_timestamp_offset": pa.int64(),
        "user_id": pa.string(),
        "user_pseudo_id": pa.string(),
        "privacy_info": _texts("analytics_storage ads_storage uses_transient_token"),
        "user_properties": pa.list_(
            _struct(key=pa.string(), value=_struct(**_VALUE, set_timestamp_micros=pa.int64()))
        ),
        "user_first_touch_timestamp": pa.int64(),
        "device": _texts(
            "category mobile_brand_name operating_system operating_system_version language",
            web_info=_texts("browser browser_version hostname"),
        ),
        "geo": _texts("city country continent region sub_continent metro"),
        "traffic_source": _texts("name medium source"),
        "stream_id": pa.string(),
        "platform": pa.string(),
        "ecommerce": _struct(
            total_item_quantity=pa.int64(),
            purchase_revenue=pa.float64(),
            refund_value=pa.float64(),
            shipping_value=pa.float64(),
            tax_value=pa.float64(),
            unique_items=pa.int64(),
            transaction_id=pa.string(),
        ),
        "items": pa.list_(
            _struct(
                item_id=pa.string(),
                item_name=pa.string(),
                price=pa.float64(),
                quantity=pa.int64(),
                item_revenue=pa.float64(),
            )
        ),
        "collected_traffic_source": _texts(
            "manual_campaign_id manual_campaign_name manual_source manual_medium manual_term "
            "manual_content manual_source_platform manual_creative_format manual_marketing_tactic "
            "gclid dclid srsltid"
        ),
        "is_active_user": pa.bool_(),
        "batch_event_index": pa.int64(),
        "batch_page_id": pa.int64(),
        "batch_ordering_id": pa.int64(),
        "session_traffic_source_last_click": _struct(
            manual_campaign=_texts(_CAMPAIGN),
            google_ads_campaign=_texts(
                "customer_id account_name campaign_id campaign_name ad_group_id ad_group_name"
            ),
            cross_channel_campaign=_texts(
                _CAMPAIGN + " default_channel_group primary_channel_group"
            ),
        ),
    }
)


def _device(kind: str, system: str, browser: str, brand: str = "") -> dict[str, Any]:
    web = {"browser": browser, "browser_version": "126.0", "hostname": "shop.example"}
    found: dict[str, Any] = {"category": kind, "operating_system": system, "language": "de-de"}
    return found | ({"mobile_brand_name": brand} if brand else {}) | {"web_info": web}


DEVICES = (
    _device("desktop", "Windows", "Chrome"),
    _device("desktop", "Macintosh", "Safari"),
    _device("desktop", "Linux", "Firefox"),
    _device("mobile", "Android", "Chrome", "Samsung"),
    _device("mobile", "iOS", "Safari", "Apple"),
    _device("tablet", "iOS", "Safari", "Apple"),
)


def _city(city: str, region: str, country: str, continent: str) -> dict[str, str]:
    return {"city": city, "region": region, "country": country, "continent": continent}


# the last two are where dollars are spent
CITIES = (
    _city("Berlin", "Berlin", "Germany", "Europe"),
    _city("Hamburg", "Hamburg", "Germany", "Europe"),
    _city("Munich", "Bavaria", "Germany", "Europe"),
    _city("Leipzig", "Saxony", "Germany", "Europe"),
    _city("Vienna", "Vienna", "Austria", "Europe"),
    _city("Zurich", "Zurich", "Switzerland", "Europe"),
    _city("Boston", "Massachusetts", "United States", "Americas"),
    _city("Chicago", "Illinois", "United States", "Americas"),
)
