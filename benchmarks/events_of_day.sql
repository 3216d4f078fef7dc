-- The planned events of one day, in the words of the contract; Python adds what is the same for all.
SELECT
    sha256(printf('%d.%d', sid, i)) AS event_id,
    told_at AS record_version,
    'insert' AS op,
    CASE WHEN i IN (-1, -2) THEN 'sendgrid' ELSE 'ga4' END AS source,
    CASE WHEN i IN (-1, -2) THEN '' ELSE '1842' END AS instance,
    CASE WHEN i IN (-1, -2) THEN printf('sg-%d', sid) END AS source_event_id,
    event_type,
    CASE event_type WHEN 'order' THEN 'purchase' WHEN 'identify' THEN 'login'
         WHEN 'email_click' THEN 'click' WHEN 'email_open' THEN 'open' ELSE event_type END AS event_name,
    told_at AS occurred_at,
    CASE WHEN i IN (-1, -2) THEN 's' ELSE 'us' END AS precision,
    'source' AS quality,
    NULL AS sent_at,
    told_at AS received_at,
    told_at::DATE AS source_local_date,
    CASE WHEN i >= 0 THEN i END AS seq,
    CASE
        WHEN i IN (-1, -2) THEN [mail]
        WHEN event_type = 'identify' THEN [device, person, mail]
        WHEN signed AND (i >= 2 OR i = -3) THEN [device, person]
        WHEN event_type = 'order' AND u(sid, 37) < 0.5 THEN [device, mail]
        ELSE [device]
    END AS ids,
    CASE WHEN i >= 0 THEN printf('%s.%d', device.value, 1767225600 + sid) END AS session_id,
    CASE WHEN i >= 0 THEN printf('https://shop.example/p/%d%s', (u(sid, 38) * 4000)::INT + i, tags) END AS page_url,
    CASE WHEN i >= 0 THEN 'shop.example' END AS page_host,
    CASE WHEN i > 1 THEN 'https://shop.example/' WHEN i >= 0 THEN 'https://' || referrer_host || '/' END AS referrer_url,
    CASE WHEN i > 1 THEN 'shop.example' WHEN i >= 0 THEN referrer_host END AS referrer_host,
    CASE WHEN landed THEN utm_source END AS utm_source,
    CASE WHEN landed THEN utm_medium END AS utm_medium,
    CASE WHEN tagged OR i IN (-1, -2) THEN printf('%s %d', utm_source, campaign) END AS utm_campaign,
    NULL AS utm_term,
    CASE WHEN tagged THEN printf('variant %d', campaign % 3) END AS utm_content,
    CASE WHEN landed AND click_id IS NOT NULL
         THEN MAP {click_id: left(sha256(printf('click %d', sid)), 40)}
         ELSE MAP([]::VARCHAR[], []::VARCHAR[]) END AS click_ids,
    CASE WHEN tagged THEN 'event' ELSE 'none' END AS traffic_scope,
    CASE WHEN i IN (-1, -2) THEN 'sendgrid' WHEN landed THEN platform END AS platform,
    CASE WHEN landed AND platform IS NOT NULL THEN printf('%d%d', 1000 + kind, campaign) END AS campaign_id,
    CASE WHEN event_type IN ('order', 'refund') THEN printf('o%d', sid) END AS order_id,
    CASE event_type WHEN 'order' THEN worth
         WHEN 'refund' THEN -worth * CASE WHEN u(sid, 39) < 0.5 THEN 1 ELSE 0.5 END END AS value,
    CASE WHEN event_type IN ('order', 'refund') THEN 'EUR' END AS currency,
    NULL AS stage,
    MAP {'analytics_storage': CASE WHEN denied THEN 'denied' ELSE 'granted' END} AS consent,
    is_bot,
    false AS is_test,
    CASE WHEN i >= 0 THEN MAP {'device_category': CASE d WHEN 0 THEN 'mobile' ELSE 'desktop' END, 'country': 'Germany'}
         ELSE MAP([]::VARCHAR[], []::VARCHAR[]) END AS attributes,
    sha256(printf('%d,%d', sid, i)) AS payload_hash,
    CASE WHEN i IN (-1, -2) THEN 'sendgrid@1' ELSE 'ga4@1' END AS mapping,
    sha256(source || told_at::DATE::VARCHAR) AS batch_id,
    row_number() OVER () AS line,
    told_at::DATE AS event_date
FROM (
    SELECT *,
        i IN (0, 1) AS landed,
        landed AND k.utm_source IS NOT NULL AS tagged,
        {'type': 'ga_client_id', 'value': printf('%d.%d', owner * 4 + d, 1760000000 + owner), 'trust': 1::INT} AS device,
        {'type': 'user_id', 'value': printf('u%d', p), 'trust': 3::INT} AS person,
        {'type': 'email_sha256', 'value': sha256(printf('p%d@mail.example', p)), 'trust': 3::INT} AS mail,
        CASE WHEN tagged THEN printf('?utm_source=%s&utm_medium=%s', k.utm_source, k.utm_medium) ELSE '' END AS tags,
        (10 + floor(u(sid, 40) * u(sid, 40) * 30000) / 100)::DECIMAL(18, 6) AS worth
    FROM planned JOIN sessions USING (sid) JOIN kinds AS k USING (kind)
    WHERE told_at >= $day::TIMESTAMP AND told_at < $day::TIMESTAMP + INTERVAL 1 DAY
)
