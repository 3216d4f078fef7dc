-- An invented shop's people, sessions and events, a pure function of the seed.
-- Every number is u(id, salt): uniform in [0, 1), the same for the same id and salt.
CREATE MACRO u(id, salt) AS (hash($seed * 1000000000000 + id * 64 + salt) >> 11) / 9007199254740992.0;

-- how a session begins; weights sum to 100
CREATE TABLE kinds AS SELECT * FROM (VALUES
    (0, 25, NULL, NULL, NULL, NULL, NULL),
    (1, 24, NULL, NULL, NULL, 'www.google.com', NULL),
    (2, 14, 'google', 'cpc', 'gclid', 'www.google.com', 'google_ads'),
    (3, 7, 'facebook', 'paid_social', 'fbclid', 'l.facebook.com', 'meta_ads'),
    (4, 3, NULL, NULL, 'fbclid', 'l.facebook.com', NULL),
    (5, 3, NULL, NULL, NULL, 'www.instagram.com', NULL),
    (6, 2, 'bing', 'cpc', 'msclkid', 'www.bing.com', 'microsoft_ads'),
    (7, 3, 'dv360', 'display', 'dclid', NULL, NULL),
    (8, 2, NULL, NULL, NULL, 'www.youtube.com', NULL),
    (9, 3, 'partnerize', 'affiliate', NULL, 'coupons.example', NULL),
    (10, 8, 'newsletter', 'email', NULL, NULL, NULL),
    (11, 3, NULL, NULL, NULL, 'blog.example', NULL),
    (12, 1, NULL, NULL, NULL, 'duckduckgo.com', NULL),
    (13, 1, NULL, NULL, NULL, 'shop.example', NULL),
    (14, 1, NULL, NULL, NULL, 'www.paypal.com', NULL)
) AS t(kind, weight, utm_source, utm_medium, click_id, referrer_host, platform);

CREATE TABLE drawn AS SELECT list(kind ORDER BY kind, n) AS drawn FROM kinds, range(weight) AS r(n);

-- few people come often: sessions follow a power law, cut at 200, whatever the number of people
CREATE TABLE people AS
SELECT p, least(200, ceil($activity * pow(u(p, 1), -0.7)))::INT AS sessions,
    u(p, 2) < 0.4 AS signs_in,
    1 + (u(p, 3) > 0.6)::INT + (u(p, 3) > 0.9)::INT AS devices,
    u(p, 4) < 0.03 AS shares -- a device with the neighbour
FROM range($people) AS t(p);

CREATE TABLE sessions AS
SELECT p * 256 + j AS sid, p, signs_in,
    $first::TIMESTAMP + to_microseconds((u(sid, 5) * $days * 86400000000)::BIGINT) AS started_at,
    floor(u(sid, 6) * devices)::INT AS d,
    CASE WHEN shares AND d = 0 THEN p - p % 2 ELSE p END AS owner,
    drawn[1 + floor(u(sid, 7) * 100)::INT] AS drawn_kind,
    (CASE WHEN drawn_kind = 10 AND NOT signs_in THEN 0 ELSE drawn_kind END)::TINYINT AS kind,
    (1 + least(9, floor(-ln(1 - u(sid, 8)) * 1.6)))::INT AS views,
    signs_in AND u(sid, 9) < 0.5 AS signed,
    u(sid, 10) < 0.01 AS is_bot,
    u(sid, 11) < 0.05 AND NOT is_bot AS orders,
    u(sid, 12) < 0.05 AS denied,
    floor(u(sid, 13) * 8)::TINYINT AS campaign
FROM people, drawn, range(sessions) AS r(j);

-- one row per event: i is its place in the session, below zero outside of it
CREATE TABLE planned AS
SELECT sid, i::TINYINT AS i,
    CASE WHEN i = 0 THEN 'session_start' WHEN orders AND i = views + signed::INT + 1 THEN 'order'
         WHEN signed AND i = 2 THEN 'identify' ELSE 'page_view' END AS event_type,
    started_at + to_microseconds(greatest(i - 1, 0) * 40000000
        + CASE WHEN i < 2 THEN 0 ELSE (u(sid, 14 + i) * 20000000)::BIGINT END) AS told_at
FROM sessions, range(views + signed::INT + orders::INT + 1) AS r(i)
UNION ALL
SELECT sid, -i, CASE i WHEN 1 THEN 'email_click' ELSE 'email_open' END,
    started_at - to_microseconds((i * 8000000 + u(sid, 32 + i) * 5000000)::BIGINT)
FROM sessions, range(1, 3) AS r(i) WHERE kind = 10
UNION ALL
SELECT sid, -3, 'refund', started_at + to_microseconds(((1 + u(sid, 35) * 13) * 86400000000)::BIGINT)
FROM sessions WHERE orders AND u(sid, 36) < 0.08;
