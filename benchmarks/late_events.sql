-- When each told event arrives, after events_made.sql and with all events in `told`.
-- Of late people only a login, told weeks after, says who they are; late touches come days after.
CREATE TABLE keys AS
SELECT sha256(printf('%d.%d', sid, i)) AS event_id, i,
    u(p, 50) < 0.10 AS is_late_person, 1 + floor(u(p, 51) * 30)::INT AS person_days,
    u(sid, 52) < 0.05 AS is_late_touch, 1 + floor(u(sid, 53) * 7)::INT AS touch_days
FROM planned JOIN sessions USING (sid);

CREATE TABLE arriving AS
SELECT told.* REPLACE (
        CASE WHEN is_late_person AND source = 'ga4' AND event_type <> 'identify'
             THEN list_filter(ids, lambda one: one.trust < 2) ELSE ids END AS ids),
    event_date + CASE
        WHEN is_late_person AND event_type = 'identify' THEN person_days
        WHEN is_late_touch AND i IN (-1, 0, 1) THEN touch_days ELSE 0 END AS arrives_on
FROM told JOIN keys USING (event_id);
