-- One invented day of a shop, for worked examples: three orders, of which touches explain two.
-- o1: 120 EUR, 20 EUR of it refunded; met Search on the 8th and Email on the 10th.
-- o2: 60 EUR, met Email on the 9th; its buyer had bought before. o3: 40 EUR, met nobody we know of.
INSERT INTO publications BY NAME
  SELECT 1 AS publication_id, 'worked' AS run_id, DATE '2026-03-10' AS through_date,
    '' AS settings_fingerprint, '' AS code_version, TIMESTAMPTZ '2026-03-11 03:00:00Z' AS published_at;
INSERT INTO conversions BY NAME
  SELECT id AS conversion_id, 'order' AS conversion_type, id AS order_id, 'ga4' AS source,
    id AS event_id, if(refund < 0, 'partially_refunded', 'complete') AS status, 1 AS conversions,
    gross AS gross_value, refund AS refunded_value, gross + refund AS net_value,
    'EUR' AS currency, TIMESTAMPTZ '2026-03-10 12:00:00Z' AS converted_at,
    DATE '2026-03-10' AS conversion_date
  FROM (VALUES ('o1', 120, -20), ('o2', 60, 0), ('o3', 40, 0)) t(id, gross, refund);
INSERT INTO paths BY NAME
  SELECT conversion_id, conversion_type, person AS person_id, touches AS touch_count, conversions,
    net_value, currency, converted_at, conversion_date
  FROM conversions JOIN (VALUES ('o1', 'ann', 2), ('o2', 'bob', 1), ('o3', NULL, 0))
    t(conversion_id, person, touches) USING (conversion_id);
INSERT INTO credits BY NAME
  SELECT conversion_id, 'order' AS conversion_type, person_id, 'linear' AS model,
    'linear' AS model_version, position, touch AS touchpoint_id, channel, campaign, credit,
    credit AS conversions, credit * net_value AS attributed_value, currency,
    touched AS touched_at, converted_at, conversion_date
  FROM paths JOIN (VALUES
    ('o1', 0, 't1', 'Search', 'brand', 0.5, TIMESTAMPTZ '2026-03-08 12:00:00Z'),
    ('o1', 1, 't2', 'Email', 'spring', 0.5, TIMESTAMPTZ '2026-03-10 10:00:00Z'),
    ('o2', 0, 't3', 'Email', 'spring', 1.0, TIMESTAMPTZ '2026-03-09 12:00:00Z'),
    ('o3', 0, NULL, '(unattributed)', '(not set)', 1.0, NULL))
    t(conversion_id, position, touch, channel, campaign, credit, touched) USING (conversion_id);
INSERT INTO spend BY NAME
  SELECT 'google_ads' AS platform, '1' AS account_id, campaign AS campaign_id, campaign, channel,
    cost, 'EUR' AS currency, impressions, clicks, TIMESTAMPTZ '2026-03-11 01:00:00Z' AS extracted_at,
    day AS spend_date
  FROM (VALUES (DATE '2026-03-08', 'Search', 'brand', 30, 1000, 20),
    (DATE '2026-03-10', 'Search', 'brand', 20, 500, 10),
    (DATE '2026-03-10', 'Social', 'posts', 10, 800, NULL))
    t(day, channel, campaign, cost, impressions, clicks);
INSERT INTO money BY NAME
  SELECT 'linear' AS model, channel, campaign, 'order' AS conversion_type,
    CASE person_id WHEN 'ann' THEN 'new' WHEN 'bob' THEN 'returning' ELSE 'unknown' END AS customer,
    CASE WHEN touchpoint_id IS NULL THEN '(none)' WHEN person_id = 'bob' THEN 'only'
      WHEN position = 0 THEN 'first' ELSE 'last' END AS position,
    0 AS touches, (touchpoint_id IS NOT NULL)::BIGINT AS path_touches, path_touches AS credited_touches,
    (touchpoint_id = 't1' IS TRUE)::BIGINT AS assists, conversions, attributed_value,
    attributed_value * 0.4 AS margin, 0 AS cost, 0 AS unmatched_cost, currency,
    coalesce(touched_at::DATE, conversion_date) AS touch_day, conversion_date AS day
  FROM credits
  UNION ALL SELECT 'linear', channel, campaign, '(none)', '(none)', '(none)', 0, 0, 0, 0, 0, 0, NULL,
    cost, if(channel = 'Social', cost, 0), currency, spend_date, spend_date FROM spend
  UNION ALL SELECT 'linear', channel, campaign, '(none)', '(none)', '(none)', n, 0, 0, 0, 0, 0, NULL,
    0, 0, 'XXX', day, day
  FROM (VALUES (DATE '2026-03-08', 'Search', 'brand', 12), (DATE '2026-03-10', 'Search', 'brand', 6),
    (DATE '2026-03-09', 'Email', 'spring', 3), (DATE '2026-03-10', 'Email', 'spring', 9))
    t(day, channel, campaign, n);
INSERT INTO touchpoint_map BY NAME
  SELECT 'linear' AS model, stage, number AS stage_number, '(all)' AS segment, channel,
    'owned' AS ownership, 'direct' AS contact, 'online' AS setting, 'communication' AS form,
    touches, eligible AS eligible_touches, negative AS negative_touches, touches AS persons,
    answers AS nps_answers, promoters AS nps_promoters, detractors AS nps_detractors,
    rated AS csat_answers, rated * 0.75 AS csat_sum, earned AS conversions,
    0 AS attributed_value, 0 AS cost, [] AS bags, 'XXX' AS currency, DATE '2026-03-10' AS day
  FROM (VALUES ('awareness', 1, 'Search', 18, 18, 0, 0, 0, 0, 0, 0.5),
    ('evaluation', 2, 'Email', 12, 12, 1, 0, 0, 0, 0, 1.5),
    ('loyalty', 4, 'Feedback', 10, 0, 3, 8, 5, 2, 2, 0.0))
    t(stage, number, channel, touches, eligible, negative, answers, promoters, detractors, rated,
      earned);
