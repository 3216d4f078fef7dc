-- What an analyst would write instead, for the six rule models: DuckDB over the same Parquet files.
-- No audits, no late events, no history, one platform's habits, the channels of this shop only.
CREATE VIEW events AS SELECT *,
    list_filter(ids, lambda i: i.type = 'user_id')[1].value AS user_id,
    list_filter(ids, lambda i: i.type = 'email_sha256')[1].value AS mail,
    list_filter(ids, lambda i: i.type = 'ga_client_id')[1].value AS device
FROM read_parquet('$lake/events/event_date=*/*.parquet', hive_partitioning = true);

-- who is who: an e-mail is the user's it was seen with; a device is whose it last was
CREATE TABLE mails AS
SELECT mail, min(user_id) AS person FROM events WHERE mail IS NOT NULL AND user_id IS NOT NULL GROUP BY mail;

CREATE TABLE sightings AS
SELECT device, occurred_at AS seen_at, max(coalesce(e.user_id, m.person, e.mail)) AS person
FROM events AS e LEFT JOIN mails AS m USING (mail)
WHERE device IS NOT NULL AND coalesce(user_id, mail) IS NOT NULL
GROUP BY ALL;

CREATE TABLE first_seen AS
SELECT device, arg_min(person, seen_at) AS person FROM sightings GROUP BY device;

-- touches: sessions by their first traffic, and clicks on e-mails
CREATE TABLE met AS
SELECT arg_min(event_id, occurred_at) AS touch_id, min(occurred_at) AS touched_at, 'visit' AS kind,
    min(user_id) AS user_id, min(mail) AS mail, min(device) AS device,
    arg_min(utm_source, occurred_at) FILTER (has_evidence) AS utm_source,
    arg_min(utm_medium, occurred_at) FILTER (has_evidence) AS utm_medium,
    arg_min(utm_campaign, occurred_at) FILTER (has_evidence) AS campaign,
    arg_min(campaign_id, occurred_at) FILTER (has_evidence) AS campaign_id,
    arg_min(referrer_host, occurred_at) FILTER (has_evidence) AS referrer_host,
    bool_or(has_evidence) AS has_evidence,
    arg_min(is_return, occurred_at) AS is_return
FROM (
    SELECT *,
        coalesce(referrer_host IN ('shop.example', 'www.paypal.com'), false) AS is_return,
        utm_source IS NOT NULL OR cardinality(click_ids) > 0
            OR (referrer_host IS NOT NULL AND NOT is_return) AS has_evidence
    FROM events WHERE session_id IS NOT NULL
)
GROUP BY session_id
HAVING NOT bool_or(is_bot OR consent['analytics_storage'] = 'denied')
UNION ALL
SELECT event_id, occurred_at, 'click', user_id, mail, device, utm_source, 'email', utm_campaign,
    campaign_id, NULL, true, false
FROM events
WHERE event_type = 'email_click' AND NOT is_bot AND consent['analytics_storage'] <> 'denied';

CREATE TABLE touches AS
SELECT touch_id, touched_at, kind, campaign, campaign_id,
    coalesce(t.user_id, m.person, t.mail, s.person, f.person, t.device) AS person,
    CASE
        WHEN NOT has_evidence THEN 'Direct'
        WHEN utm_medium = 'email' THEN 'Email'
        WHEN utm_source IN ('google', 'bing') AND utm_medium IN ('cpc', 'ppc') THEN 'Paid Search'
        WHEN utm_source IN ('facebook', 'instagram', 'tiktok')
            AND (utm_medium IN ('cpc', 'ppc') OR utm_medium LIKE 'paid%') THEN 'Paid Social'
        WHEN utm_medium IN ('display', 'banner', 'cpm') THEN 'Display'
        WHEN utm_medium LIKE '%cp%' OR utm_medium LIKE 'paid%' THEN 'Paid Other'
        WHEN utm_medium = 'affiliate' THEN 'Affiliates'
        WHEN utm_medium IS NOT NULL THEN 'Unassigned'
        WHEN regexp_matches(referrer_host, '(^|\.)(facebook|instagram|tiktok|linkedin)\.') THEN 'Organic Social'
        WHEN regexp_matches(referrer_host, '(^|\.)(youtube|vimeo)\.') THEN 'Organic Video'
        WHEN regexp_matches(referrer_host, '(^|\.)(google|bing|duckduckgo|yahoo|ecosia)\.') THEN 'Organic Search'
        ELSE 'Referral'
    END AS channel
FROM met AS t
LEFT JOIN mails AS m ON t.mail = m.mail
ASOF LEFT JOIN sightings AS s ON t.device = s.device AND t.touched_at >= s.seen_at
LEFT JOIN first_seen AS f ON t.device = f.device
WHERE has_evidence OR NOT is_return;

-- an e-mail's click is told twice, by the e-mail platform and as a visit: the visit goes
CREATE TABLE heard AS
SELECT * EXCLUDE (clicked_at) FROM (
    SELECT *, max(touched_at) FILTER (kind = 'click') OVER (
        PARTITION BY person, channel ORDER BY touched_at RANGE UNBOUNDED PRECEDING) AS clicked_at
    FROM touches
) WHERE kind = 'click' OR clicked_at IS NULL OR touched_at > clicked_at + INTERVAL 300 SECONDS;

CREATE TABLE orders AS
WITH refunds AS (
    SELECT order_id, sum(value) AS value FROM events WHERE event_type = 'refund' GROUP BY order_id
)
SELECT o.order_id, o.occurred_at AS converted_at, o.value + coalesce(r.value, 0) AS net_value, o.currency,
    coalesce(o.user_id, m.person, o.mail, s.person, f.person, o.device) AS person
FROM (SELECT * FROM events WHERE event_type = 'order') AS o
LEFT JOIN refunds AS r ON o.order_id = r.order_id
LEFT JOIN mails AS m ON o.mail = m.mail
ASOF LEFT JOIN sightings AS s ON o.device = s.device AND o.occurred_at >= s.seen_at
LEFT JOIN first_seen AS f ON o.device = f.device;

CREATE TABLE paths AS
SELECT o.*, t.touch_id, t.touched_at, t.channel, t.campaign, t.campaign_id,
    row_number() OVER path AS place, count(t.touch_id) OVER whole AS length,
    max(touched_at) OVER whole AS last_at,
    -- all direct: the last one; else the last that is not
    max(CASE WHEN t.channel <> 'Direct' THEN t.touched_at END) OVER whole AS last_known_at
FROM orders AS o LEFT JOIN heard AS t
    ON t.person = o.person AND t.touched_at <= o.converted_at
    AND t.touched_at >= o.converted_at - INTERVAL 30 DAYS
WINDOW path AS (PARTITION BY order_id ORDER BY touched_at, touch_id), whole AS (PARTITION BY order_id);

CREATE TABLE weights AS
SELECT *,
    (place = 1)::INT::DOUBLE AS first_touch,
    (place = greatest(length, 1))::INT::DOUBLE AS last_touch,
    CASE WHEN length = 0 THEN 1 WHEN last_known_at IS NULL THEN last_touch
         ELSE (touched_at = last_known_at)::INT END::DOUBLE AS last_non_direct,
    1.0::DOUBLE AS linear,
    CASE WHEN length <= 2 THEN 0.5 WHEN place IN (1, length) THEN 0.4 ELSE 0.2 / (length - 2) END AS position_based,
    pow(2, -coalesce(epoch(last_at - touched_at), 0) / 604800) AS time_decay
FROM paths;

CREATE TABLE credits AS
SELECT order_id, person, model, place - 1 AS position, touch_id, coalesce(channel, '(unattributed)') AS channel,
    campaign, campaign_id, weight / sum(weight) OVER (PARTITION BY order_id, model) AS credit,
    credit * net_value AS attributed_value, currency, touched_at, converted_at,
    converted_at::DATE AS conversion_date
FROM (
    UNPIVOT weights ON first_touch, last_touch, last_non_direct, linear, position_based, time_decay
    INTO NAME model VALUE weight
);

CREATE TABLE report AS
SELECT conversion_date AS day, model, credits.channel, credits.currency, count(touch_id) FILTER (credit > 0) AS touches,
    sum(credit) AS conversions, sum(attributed_value) AS attributed_value, any_value(cost) AS cost,
    any_value(cost) / sum(credit) AS cpa, sum(attributed_value) / any_value(cost) AS roas
FROM credits LEFT JOIN (
    SELECT spend_date, channel, currency, sum(cost) AS cost
    FROM read_parquet('$lake/spend/spend_date=*/*.parquet', hive_partitioning = true) GROUP BY ALL
) AS spent ON spend_date = conversion_date AND spent.channel = credits.channel AND spent.currency = credits.currency
GROUP BY conversion_date, model, credits.channel, credits.currency;

COPY touches TO '$out/touches.parquet' (COMPRESSION zstd);
COPY credits TO '$out/credits.parquet' (COMPRESSION zstd);
COPY report TO '$out/channels.parquet' (COMPRESSION zstd);
