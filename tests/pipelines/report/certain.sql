-- How sure it all is: intervals of two months, a scorecard, and what follows negative touches.
INSERT INTO intervals BY NAME
  WITH told AS (
    SELECT date_trunc('month', day)::DATE AS month, model, channel, currency,
      sum(conversions)::DOUBLE AS conversions, sum(attributed_value)::DOUBLE AS value,
      sum(attributed_value)::DOUBLE / nullif(sum(cost)::DOUBLE, 0) AS roas
    FROM channels WHERE channel <> '(unattributed)' AND currency <> 'XXX' GROUP BY ALL
  ), figures AS (
    UNPIVOT told ON conversions, value, roas INTO NAME figure VALUE amount
  )
  SELECT month, 'channel' AS level, model, channel, '(all)' AS campaign, currency, figure, amount,
    amount * 0.9 AS sampling_low, amount * 1.1 AS sampling_high,
    min(amount) OVER around AS band_low, max(amount) OVER around AS band_high,
    first(model) OVER (around ORDER BY amount, model) AS band_low_model,
    first(model) OVER (around ORDER BY amount DESC, model) AS band_high_model,
    if(channel = 'Email', amount * 0.5, NULL) AS calibrated,
    calibrated * 0.6 AS calibrated_low, calibrated * 1.5 AS calibrated_high,
    if(channel = 'Email', 2, 0) AS lift_tests, if(channel = 'Email', 1, 0) AS own_lift_tests,
    model = 'markov' AS is_fit_given,
    if(channel = 'Email', 'both', if(channel = 'Display', 'models', 'little')) AS doubt
  FROM figures
  WINDOW around AS (PARTITION BY month, channel, currency, figure);
INSERT INTO scorecard BY NAME
  SELECT TIMESTAMPTZ '2026-02-02 06:00:00+00' AS scored_at, 5 AS publication_id, part, model,
    metric, '' AS subject, number, unit, sentence
  FROM (VALUES
    ('verdict', 'linear', 'Who gets credit?', NULL, '', 'Believe linear: nothing beats it.'),
    ('future', 'markov', 'log_loss', 0.412, 'nats', 'Markov foresees other people a little.'),
    ('gates', '(all)', 'reconciled', 1, 'share', 'Every model adds up.')
  ) t(part, model, metric, number, unit, sentence);
INSERT INTO negative_touches BY NAME
  SELECT kind, touches, matched_touches, 9000 AS controls, rate_after, rate_matched,
    rate_after - rate_matched AS effect, effect - 0.02 AS effect_low, effect + 0.02 AS effect_high,
    30 AS horizon_days, DATE '2025-11-03' AS training_from, DATE '2026-02-01' AS as_of_date
  FROM (VALUES ('(any)', 700, 690, 0.10, 0.19), ('email_complaint', 80, 78, 0.16, 0.25),
    ('low nps', 40, 38, 0.24, 0.25), ('ticket_opened', 30, 29, 0.4, 0.3),
    ('email_bounce', 4, 0, NULL, NULL)) t(kind, touches, matched_touches, rate_after, rate_matched);
-- persons in 32 bags, so that indices have intervals; of the newest days, which are the ones asked
UPDATE touchpoint_map SET bags = list_transform(range(32), lambda b: {
  'bag': b::INTEGER, 'used': eligible_touches // 32 + (b < eligible_touches % 32)::BIGINT,
  'credit': (conversions / 32)::DECIMAL(18, 12)})
WHERE day > DATE '2026-01-01' + getvariable('days')::INT - 30;
