-- Rows that agree with one another, for a report to be tested on: credit adds up to the order book.
-- Variables days, channels, campaigns and currencies say how much; dice() is our seeded chance.
CREATE TEMP MACRO dice(x) AS (hash(x::VARCHAR || 'seed') % 10007) / 10007.0;
CREATE TEMP TABLE d AS
  SELECT DATE '2026-01-01' + i::INT AS day FROM range(getvariable('days')) t(i);
CREATE TEMP TABLE m AS SELECT unnest(getvariable('models')) AS model;
CREATE TEMP TABLE cur AS SELECT unnest(getvariable('currencies')) AS currency;
CREATE TEMP TABLE ch AS
  SELECT unnest(getvariable('channels')) AS channel, unnest(range(len(getvariable('channels')))) AS i;
CREATE TEMP TABLE camp AS
  SELECT channel, printf('%s / campaign %03d', channel, c) AS campaign, dice(c + 5) + 0.1 AS w
  FROM range(getvariable('campaigns')) t(c)
  JOIN ch ON ch.i = c % len(getvariable('channels'));

-- the order book
CREATE TEMP TABLE booked AS
  SELECT day, conversion_type, currency, worth,
    (usual * (0.7 + 0.3 * sin(epoch(day) / 500000.0) + dice(day || conversion_type || currency)))
      ::INT AS n
  FROM d, (VALUES ('order', 40, 82.5), ('opportunity', 3, 4210.0)) t(conversion_type, usual, worth),
    cur
  UNION ALL SELECT day, 'lead', 'XXX', 0, (9 * dice(day || 'lead'))::INT FROM d;
INSERT INTO conversions BY NAME
  SELECT sha256(day || conversion_type || currency || k) AS conversion_id, conversion_type,
    'o' || k AS order_id, 'ga4' AS source, 'e' AS event_id, 'complete' AS status, 1 AS conversions,
    round(worth * (0.5 + dice(day || k)), 2) AS gross_value,
    CASE WHEN k = 2 AND worth > 0 THEN -10.5 ELSE 0 END AS refunded_value,
    gross_value + refunded_value AS net_value, currency,
    day + INTERVAL 9 HOUR AS converted_at, day AS conversion_date
  FROM booked, LATERAL (SELECT unnest(range(n)) AS k);

-- credit: 93 % of each day to campaigns, by a share that differs between models
CREATE TEMP TABLE book AS
  SELECT conversion_date AS day, currency, conversion_type, sum(conversions)::BIGINT AS n,
    sum(net_value) AS v
  FROM conversions GROUP BY ALL;
CREATE TEMP TABLE share AS
  SELECT model, channel, campaign,
    0.93 * w * s / sum(w * s) OVER (PARTITION BY model) AS share,
    CASE WHEN channel IN ('Direct', 'Email', 'Organic Search', 'Organic Social', 'Referral') THEN 0
      ELSE 60 * w END AS budget
  FROM (SELECT model, channel, campaign, w,
      (0.25 + dice(channel || '!')) * (0.7 + 0.6 * dice(channel || model)) AS s FROM m, camp);
INSERT INTO campaigns BY NAME
  SELECT model, channel, campaign, 3 AS touches, round(sum(n) * max(share), 9) AS conversions,
    round(sum(v) * max(share), 4) AS attributed_value, currency, day,
    CASE WHEN currency = 'XXX' THEN 0
      ELSE round(max(budget) * (0.5 + dice(campaign || day)), 2) END AS cost
  FROM book, share GROUP BY model, channel, campaign, currency, day;
INSERT INTO channels BY NAME
  SELECT model, channel, sum(touches)::BIGINT AS touches, sum(conversions) AS conversions,
    sum(attributed_value) AS attributed_value, sum(cost) AS cost, currency, day
  FROM campaigns GROUP BY ALL;
INSERT INTO channels BY NAME
  SELECT model, '(unattributed)' AS channel, 0 AS touches, n - c AS conversions,
    v - a AS attributed_value, 0 AS cost, currency, day
  FROM (SELECT day, currency, sum(n) AS n, sum(v) AS v FROM book GROUP BY ALL)
  JOIN (SELECT day, currency, model, sum(conversions) AS c, sum(attributed_value) AS a
      FROM campaigns GROUP BY ALL) USING (day, currency);
INSERT INTO money BY NAME
  SELECT model, channel, campaign, 'order' AS conversion_type, customer, position, currency,
    0 AS touches, 3 AS path_touches, 3 AS credited_touches, 1 AS assists,
    if(customer = 'new', round(conversions * 0.6, 9), conversions - round(conversions * 0.6, 9))
      AS conversions,
    if(customer = 'new', round(attributed_value * 0.6, 4),
      attributed_value - round(attributed_value * 0.6, 4)) AS attributed_value,
    0 AS cost, 0 AS unmatched_cost, day - INTERVAL 2 DAY AS touch_day, day
  FROM (SELECT model, channel, campaign, conversions, attributed_value, currency, day
      FROM campaigns
    UNION ALL SELECT model, channel, '(not set)', conversions, attributed_value, currency, day
      FROM channels WHERE channel = '(unattributed)'),
    (VALUES ('new', 'only'), ('returning', 'last')) t(customer, position);
INSERT INTO money BY NAME
  SELECT model, channel, campaign, '(none)' AS conversion_type, '(none)' AS customer,
    '(none)' AS position, currency, 0 AS touches, 0 AS path_touches, 0 AS credited_touches,
    0 AS assists, 0 AS conversions, 0 AS attributed_value, cost,
    if(dice(campaign || '?') < 0.2, cost, 0) AS unmatched_cost, day AS touch_day, day
  FROM campaigns WHERE cost > 0
  UNION ALL SELECT model, channel, campaign, '(none)', '(none)', '(none)', 'XXX', 40, 0, 0, 0, 0, 0,
    0, 0, day, day
  FROM campaigns WHERE currency <> 'XXX';
INSERT INTO reconciliation BY NAME
  SELECT model, conversion_type, currency, n AS booked_conversions, n - u AS credited_conversions,
    u AS unattributed_conversions, 0 AS difference_conversions, v AS booked_value,
    v - round(v * 0.07, 2) AS credited_value, round(v * 0.07, 2) AS unattributed_value,
    0 AS difference_value, n AS cohort_conversions, v AS cohort_value, day
  FROM book, m, LATERAL (SELECT round(n * 0.07, 6) AS u);
INSERT INTO spend BY NAME
  SELECT 'google_ads' AS platform, '123' AS account_id, campaign AS campaign_id, campaign, channel,
    cost, currency, 100 AS impressions, 5 AS clicks, day + INTERVAL 30 HOUR AS extracted_at,
    day AS spend_date
  FROM campaigns WHERE model = 'linear' AND cost > 0;

-- paths
CREATE TEMP TABLE routes AS
  SELECT channel AS path, i AS r FROM ch
  UNION ALL SELECT a.channel || ' > ' || b.channel, 20 + a.i + b.i FROM ch a, ch b WHERE a.i <> b.i
  UNION ALL SELECT a.channel || ' > ' || b.channel || ' > ' || a.channel, 60 + a.i * b.i
  FROM ch a, ch b WHERE a.i <> b.i;
CREATE TEMP TABLE months AS SELECT DISTINCT date_trunc('month', day)::DATE AS month FROM d;
INSERT INTO path_summary BY NAME
  SELECT 'order' AS conversion_type, path, (900 / (r + 3))::INT AS conversions, 0 AS losses,
    conversions * 75.25 AS net_value, currency, month,
    CASE WHEN path <> '(unattributed)' THEN round(20 * dice(path || month), 2) END AS median_days
  FROM (FROM routes UNION ALL SELECT '(unattributed)', 9), months, cur;
INSERT INTO path_summary BY NAME
  SELECT '(none)' AS conversion_type, path, 0 AS conversions, (4000 / (r + 2))::INT AS losses,
    0 AS net_value, 'XXX' AS currency, NULL AS median_days, month
  FROM routes, months;

-- touchpoints along the lifecycle: display is met most and earns least
CREATE TEMP TABLE stages AS SELECT * FROM (VALUES (1, 'awareness'), (2, 'evaluation'),
  (3, 'purchase'), (4, 'loyalty')) t(stage_number, stage);
CREATE TEMP TABLE met AS
  SELECT *, (5 + 90 * dice(channel || stage)) * if(channel = 'Display', 20, 1) AS n FROM ch, stages;
INSERT INTO touchpoint_map BY NAME
  SELECT model, stage, stage_number, '(all)' AS segment, channel, 'owned' AS ownership, 'direct' AS contact,
    'online' AS setting, 'communication' AS form, 'XXX' AS currency, day, n::BIGINT AS touches,
    touches AS eligible_touches, touches // 50 AS negative_touches, touches // 2 AS persons,
    if(stage_number = 4, 10, 0) AS nps_answers, nps_answers * 6 // 10 AS nps_promoters,
    nps_answers // 10 AS nps_detractors, if(stage_number = 4, 4, 0) AS csat_answers,
    csat_answers * 0.75 AS csat_sum, round(dice(channel || stage || model), 6) AS conversions,
    0 AS attributed_value, 0 AS cost
  FROM met, m, d;

-- health
INSERT INTO batches BY NAME
  SELECT sha256(day || source) AS batch_id, source, source AS mapping,
    source || '/' || day AS file, 90000 AS bytes,
    (900 * (1 + dice(day || source)))::BIGINT AS records, 0 AS bad_records,
    day + INTERVAL 27 HOUR AS received_at
  FROM d, (VALUES ('ga4'), ('sendgrid'), ('salesforce'), ('google_ads')) t(source);
INSERT INTO quarantine BY NAME
  SELECT source, sha256(source || day) AS batch_id, source || '/' || day AS file, 7 AS line,
    0 AS part, reason, field, 'x' AS value, source AS mapping, '{}' AS payload,
    day AS received_date
  FROM d, (VALUES ('ga4', 'bad_timestamp', 'event_timestamp'), ('sendgrid', 'bad_json', NULL),
    ('salesforce', 'missing_required', 'Amount')) t(source, reason, field)
  WHERE dice(day || source) < 0.6;
INSERT INTO audits BY NAME
  SELECT 'run-7' AS run_id, table_name, '2026-01-01' AS day, promise, 'x' AS expectation,
    '' AS "column", table_name <> 'spend' OR promise <> 'cost is at least 0' AS passed,
    CASE WHEN passed THEN 0 ELSE 2 END AS offenders,
    CASE WHEN NOT passed THEN '[-4, -2.5]' END AS examples, 500 AS audited_rows
  FROM (VALUES ('credits'), ('spend'), ('channels')) t(table_name),
    (VALUES ('no day is missing'), ('cost is at least 0')) p(promise);
INSERT INTO model_versions BY NAME
  SELECT 'markov' AS model, 'markov@' || as_of_date || '/3f9c1b2a' AS model_version,
    '{"order": 1}' AS parameters, '{}' AS learned, as_of_date - 90 AS training_from,
    84211 AS training_paths, 2417 AS training_conversions, sha256('x') AS training_fingerprint,
    MAP {'conversion_probability': '0.0287', 'states': '12'} AS metrics, as_of_date
  FROM (VALUES (DATE '2026-01-01'), (DATE '2026-02-01')) t(as_of_date);
INSERT INTO publications BY NAME
  SELECT i AS publication_id, 'run-' || i AS run_id,
    DATE '2025-12-31' + getvariable('days')::INT - 7 + i::INT AS through_date,
    MAP {'credits': '4'} AS versions, sha256('s') AS settings_fingerprint, '0.1.0' AS code_version,
    TIMESTAMPTZ '2026-12-31 02:00:00+00' AS published_at
  FROM range(1, 8) t(i);
-- who allowed what: 8 of 100 touches deny analytics; some people withdraw
INSERT INTO touchpoints BY NAME
  SELECT 't' || day || k AS touchpoint_id, CASE WHEN k < 8 THEN 'denied' ELSE 'granted' END AS consent,
    CASE WHEN k < 30 THEN 'unset' ELSE 'granted' END AS ad_consent,
    CASE WHEN k % 2 = 0 THEN 'paid' ELSE 'owned' END AS ownership, day AS touch_date
  FROM d, range(100) t(k);
INSERT INTO consents BY NAME
  SELECT 'q' || day || who AS event_id, who AS identifier, 'analytics' AS purpose,
    'denied' AS state, day::TIMESTAMPTZ AS told_at
  FROM d, (VALUES ('email:a'), ('email:b')) t(who) WHERE day < '2026-01-04';
INSERT INTO paths BY NAME
  SELECT conversion_id, conversion_date, [
    {'touchpoint_id': 't' || conversion_date || '1', 'channel': 'Email', 'touched_at': converted_at,
     'rule': 'consent_analytics'},
    {'touchpoint_id': 't' || conversion_date || '50', 'channel': 'Email', 'touched_at': converted_at,
     'rule': 'lookback'}] AS dropped
  FROM conversions WHERE order_id = 'o1' AND conversion_type = 'order';
