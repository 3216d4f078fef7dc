-- What a user would write instead of the mapping ga4.yaml: the same columns of `events`, but for the
-- hash of parameters inside event_id, which DuckDB has under another name.
CREATE OR REPLACE MACRO given(word) AS nullif(trim(word), '');
CREATE OR REPLACE MACRO param(url, name) AS CASE WHEN contains(url, name || '=') THEN
    nullif(url_decode(replace(regexp_extract(url, '[?&]' || name || '=([^&#]*)', 1), '+', ' ')), '') END;
CREATE OR REPLACE MACRO host(url) AS
    nullif(lower(regexp_extract(url, '^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#:]+)', 1)), '');
CREATE OR REPLACE MACRO agreed(word) AS CASE lower(word) WHEN 'yes' THEN 'granted' WHEN 'no' THEN 'denied'
    WHEN 'true' THEN 'granted' WHEN 'false' THEN 'denied' WHEN '1' THEN 'granted' WHEN '0' THEN 'denied'
    ELSE 'unset' END;
CREATE OR REPLACE MACRO is_set(word) AS word IS NOT NULL AND word <> '(not set)';

COPY (
WITH parsed AS (
    SELECT batch_id, line, received_at, payload, from_json(payload, '{
        "event_date": "VARCHAR", "event_timestamp": "BIGINT", "event_name": "VARCHAR",
        "stream_id": "VARCHAR", "user_pseudo_id": "VARCHAR", "user_id": "VARCHAR",
        "batch_event_index": "BIGINT", "batch_ordering_id": "BIGINT",
        "event_bundle_sequence_id": "BIGINT",
        "privacy_info": {"analytics_storage": "VARCHAR", "ads_storage": "VARCHAR"},
        "device": {"category": "VARCHAR"}, "geo": {"country": "VARCHAR"},
        "ecommerce": {"transaction_id": "VARCHAR", "purchase_revenue": "VARCHAR",
            "refund_value": "VARCHAR"},
        "collected_traffic_source": {"manual_source": "VARCHAR", "manual_medium": "VARCHAR",
            "manual_campaign_name": "VARCHAR", "manual_campaign_id": "VARCHAR",
            "manual_term": "VARCHAR", "manual_content": "VARCHAR", "gclid": "VARCHAR",
            "dclid": "VARCHAR", "srsltid": "VARCHAR"},
        "session_traffic_source_last_click": {"google_ads_campaign": {"campaign_name": "VARCHAR",
            "campaign_id": "VARCHAR"}},
        "event_params": [{"key": "VARCHAR", "value": {"string_value": "VARCHAR",
            "int_value": "VARCHAR", "float_value": "VARCHAR", "double_value": "VARCHAR"}}]
    }') AS r FROM read_parquet($records)
), named AS (
    SELECT *, map(list_transform(r.event_params, lambda p: p.key),
        list_transform(r.event_params, lambda p: p.value)) AS p, r.collected_traffic_source AS c,
        r.session_traffic_source_last_click.google_ads_campaign AS g
    FROM parsed
), seen AS (
    SELECT *, given(coalesce(p['ga_session_id'].int_value, p['ga_session_id'].string_value)) AS session,
        given(p['page_location'].string_value) AS page,
        given(p['page_referrer'].string_value) AS referrer,
        coalesce(given(c.gclid), param(page, 'gclid')) AS gclid,
        coalesce(gclid, param(page, 'gbraid'), param(page, 'wbraid')) AS google_click,
        coalesce(c.manual_source, c.manual_medium, c.manual_campaign_name) AS manual,
        param(page, 'utm_source') AS page_source, param(page, 'utm_medium') AS page_medium,
        param(page, 'utm_campaign') AS page_campaign,
        coalesce(c.manual_medium, page_medium) AS medium,
        CASE WHEN google_click IS NOT NULL THEN CASE WHEN medium IS NULL OR lower(medium) = 'organic'
                THEN 'google_click' WHEN manual IS NOT NULL THEN 'collected' ELSE 'page' END
            WHEN manual IS NOT NULL THEN 'collected'
            WHEN coalesce(page_source, page_medium, page_campaign) IS NOT NULL THEN 'page' END AS told_by
    FROM named
), valued AS (
    SELECT *, coalesce(p['value'].double_value, p['value'].float_value, p['value'].int_value,
        p['value'].string_value) AS told_value,
        make_timestamp(r.event_timestamp) AS occurred_at
    FROM seen
)
SELECT sha256(concat_ws(chr(31), 'ga4', r.stream_id, r.user_pseudo_id, session, r.event_name,
        r.event_timestamp, hash(list_sort(r.event_params)))) AS event_id,
    occurred_at AS record_version, 'insert' AS op, 'ga4' AS source,
    coalesce(r.stream_id, '') AS instance, NULL::VARCHAR AS source_event_id,
    CASE r.event_name WHEN 'page_view' THEN 'page_view' WHEN 'screen_view' THEN 'page_view'
        WHEN 'session_start' THEN 'session_start' WHEN 'login' THEN 'identify'
        WHEN 'sign_up' THEN 'identify' WHEN 'generate_lead' THEN 'form_submit'
        WHEN 'form_submit' THEN 'form_submit' WHEN 'purchase' THEN 'order'
        WHEN 'in_app_purchase' THEN 'order' WHEN 'refund' THEN 'refund'
        WHEN 'app_store_refund' THEN 'refund'
        WHEN 'app_store_subscription_cancel' THEN 'subscription_cancel' ELSE 'other' END AS event_type,
    r.event_name, occurred_at, 'us' AS precision, 'source' AS quality, NULL::TIMESTAMP AS sent_at,
    received_at, strptime(r.event_date, '%Y%m%d')::DATE AS source_local_date,
    coalesce(r.batch_event_index, r.batch_ordering_id, r.event_bundle_sequence_id) AS seq,
    list_filter([{'type': 'user_id', 'value': r.user_id, 'trust': 3},
        {'type': 'ga_client_id', 'value': r.user_pseudo_id, 'trust': 1}],
        lambda i: i.value IS NOT NULL AND lower(i.value) NOT IN ('', 'null', '(not set)')) AS ids,
    r.user_pseudo_id || '.' || session AS session_id, page AS page_url, host(page) AS page_host,
    referrer AS referrer_url, host(referrer) AS referrer_host,
    CASE told_by WHEN 'google_click' THEN 'google' WHEN 'collected' THEN c.manual_source
        WHEN 'page' THEN page_source END AS utm_source,
    CASE told_by WHEN 'google_click' THEN 'cpc' WHEN 'collected' THEN c.manual_medium
        WHEN 'page' THEN page_medium END AS utm_medium,
    CASE told_by WHEN 'google_click' THEN coalesce(CASE WHEN c.manual_campaign_name NOT IN
            ('(organic)', '(referral)', '(direct)', '(not set)') THEN c.manual_campaign_name END,
            page_campaign, g.campaign_name)
        WHEN 'collected' THEN c.manual_campaign_name WHEN 'page' THEN page_campaign END AS utm_campaign,
    CASE told_by WHEN 'google_click' THEN coalesce(c.manual_term, param(page, 'utm_term'))
        WHEN 'collected' THEN c.manual_term WHEN 'page' THEN param(page, 'utm_term') END AS utm_term,
    CASE told_by WHEN 'google_click' THEN coalesce(c.manual_content, param(page, 'utm_content'))
        WHEN 'collected' THEN c.manual_content
        WHEN 'page' THEN param(page, 'utm_content') END AS utm_content,
    map_from_entries(list_filter([
        {'k': 'gclid', 'v': gclid}, {'k': 'dclid', 'v': coalesce(c.dclid, param(page, 'dclid'))},
        {'k': 'srsltid', 'v': coalesce(c.srsltid, param(page, 'srsltid'))},
        {'k': 'gbraid', 'v': param(page, 'gbraid')}, {'k': 'wbraid', 'v': param(page, 'wbraid')},
        {'k': 'fbclid', 'v': param(page, 'fbclid')}, {'k': 'msclkid', 'v': param(page, 'msclkid')},
        {'k': 'ttclid', 'v': param(page, 'ttclid')}, {'k': 'li_fat_id', 'v': param(page, 'li_fat_id')}
    ], lambda e: e.v IS NOT NULL)) AS click_ids,
    CASE WHEN told_by IS NULL THEN 'none' ELSE 'event' END AS traffic_scope,
    CASE told_by WHEN 'google_click' THEN 'google_ads' END AS platform,
    CASE told_by WHEN 'google_click' THEN coalesce(CASE WHEN is_set(c.manual_campaign_id)
            THEN c.manual_campaign_id END, param(page, 'utm_id'), g.campaign_id)
        WHEN 'collected' THEN c.manual_campaign_id WHEN 'page' THEN param(page, 'utm_id') END AS campaign_id,
    CASE WHEN r.event_name IN ('purchase', 'in_app_purchase', 'refund', 'app_store_refund') THEN
        coalesce(CASE WHEN is_set(r.ecommerce.transaction_id) THEN r.ecommerce.transaction_id END,
            CASE WHEN is_set(p['transaction_id'].string_value) THEN p['transaction_id'].string_value END,
            p['transaction_id'].int_value) END AS order_id,
    TRY_CAST(CASE WHEN r.event_name IN ('purchase', 'in_app_purchase')
            THEN coalesce(r.ecommerce.purchase_revenue, told_value)
        WHEN r.event_name IN ('refund', 'app_store_refund')
            THEN '-' || coalesce(r.ecommerce.refund_value, told_value) END AS DECIMAL(18, 6)) AS value,
    upper(p['currency'].string_value) AS currency, NULL::VARCHAR AS stage,
    map {'analytics_storage': agreed(r.privacy_info.analytics_storage),
        'ad_storage': agreed(r.privacy_info.ads_storage)} AS consent,
    false AS is_bot, coalesce(coalesce(p['debug_mode'].int_value, p['debug_mode'].string_value)
        IN ('1', 'true'), false) AS is_test,
    map_from_entries(list_filter([{'k': 'device_category', 'v': r.device.category},
        {'k': 'country', 'v': r.geo.country}, {'k': 'traffic_type', 'v': p['traffic_type'].string_value},
        {'k': 'session_number', 'v': p['ga_session_number'].int_value}
    ], lambda e: e.v IS NOT NULL)) AS attributes,
    printf('%08x', 4294967295 - strlen(payload)) || sha256(payload)[9:] AS payload_hash, 'ga4@1' AS mapping, batch_id, line,
    occurred_at::DATE AS event_date
FROM valued
WHERE r.event_name IS NOT NULL AND occurred_at BETWEEN TIMESTAMP '1990-01-01' AND received_at + INTERVAL 1 DAY
    AND (value IS NULL OR currency IS NOT NULL)
) TO $into (FORMAT parquet, COMPRESSION zstd);
