-- The facts are the whole truth, in the order of each station's tickets; everything else is a view of them.
CREATE TABLE IF NOT EXISTS facts (
    station     TEXT    NOT NULL,
    ticket      INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    -- When it was committed, by the clock of the server.
    recorded_at TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    -- The fields of the fact, as JSON.
    body        TEXT    NOT NULL,
    PRIMARY KEY (station, ticket)
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS facts_by_kind ON facts (kind, station, ticket);

-- The views are made anew at each start: earlier versions of this program knew fewer facts. Facts of before say `connector`, a number,
-- where those of now have a `place`: its connector is an EVSE.
DROP VIEW IF EXISTS findings;
DROP VIEW IF EXISTS status;
DROP VIEW IF EXISTS meter_values;
DROP VIEW IF EXISTS transactions;

-- The bill: one row for each transaction. The energy is missing while it runs, and where the register went backwards. Where events are
-- numbered (2.x), the last word on it is what it was settled with, and `missing_events` is 0 once all of it is known.
CREATE VIEW transactions AS
WITH starts AS (
    SELECT station, body ->> 'transaction' AS transaction_id, min(ticket) AS ticket, body
    FROM facts WHERE kind = 'Started'
    GROUP BY station, body ->> 'transaction'
), settled AS (
    SELECT station, body ->> 'transaction' AS transaction_id, max(ticket) AS ticket, body
    FROM facts WHERE kind = 'Settled'
    GROUP BY station, body ->> 'transaction'
), ends AS (
    SELECT station, coalesce(body ->> 'transaction', body ->> 'named') AS transaction_id, min(ticket) AS ticket, body
    FROM facts
    WHERE kind = 'Stopped' OR kind = 'StopOrphaned' AND body ->> '$.report.event.seq_no' IS NOT NULL
    GROUP BY station, coalesce(body ->> 'transaction', body ->> 'named')
), verdicts AS (
    SELECT station, body ->> 'transaction' AS transaction_id, min(ticket) AS ticket, body
    FROM facts WHERE kind = 'Authorized'
    GROUP BY station, body ->> 'transaction'
)
SELECT start.station                                 AS station,
       start.transaction_id                          AS transaction_id,
       coalesce(start.body ->> '$.place.evse', start.body ->> 'connector', 0) AS evse,
       start.body ->> '$.place.connector'            AS connector,
       coalesce(start.body ->> '$.token.id', start.body ->> 'token') AS token,
       verdicts.body ->> '$.verdict.status'          AS verdict,
       start.body ->> 'at'                           AS started_at,
       coalesce(settled.body ->> 'meter_start_wh', start.body ->> 'meter_start_wh') AS meter_start_wh,
       ends.body ->> '$.report.at'                   AS stopped_at,
       coalesce(settled.body ->> 'meter_stop_wh', ends.body ->> '$.report.meter_stop_wh') AS meter_stop_wh,
       CASE WHEN settled.body IS NULL THEN ends.body ->> '$.consumption.Wh'
            ELSE settled.body ->> '$.consumption.Wh' END AS energy_wh,
       CASE WHEN ends.body IS NOT NULL THEN coalesce(ends.body ->> '$.report.reason', 'Local') END AS reason,
       ends.body ->> 'inferred'                      AS stop_inferred,
       coalesce(settled.body ->> 'missing', 0)       AS missing_events
FROM starts AS start
LEFT JOIN ends ON ends.station = start.station AND ends.transaction_id = start.transaction_id
LEFT JOIN settled ON settled.station = start.station AND settled.transaction_id = start.transaction_id
LEFT JOIN verdicts ON verdicts.station = start.station AND verdicts.transaction_id = start.transaction_id;

-- Every measured value, those that came with the begin and the end of a transaction included, with the protocol's defaults filled in.
CREATE VIEW meter_values AS
WITH starts AS (
    SELECT station, body ->> 'transaction' AS transaction_id, min(ticket) AS ticket, body
    FROM facts WHERE kind = 'Started'
    GROUP BY station, body ->> 'transaction'
), reports AS (
    SELECT station, ticket, coalesce(body ->> '$.place.evse', body ->> 'connector', 0) AS evse,
           coalesce(body ->> '$.attribution.Named', body ->> '$.attribution.Inferred') AS transaction_id,
           body -> 'values' AS moments
    FROM facts WHERE kind = 'Sampled'
    UNION ALL
    SELECT told.station, told.ticket,
           coalesce(start.body ->> '$.place.evse', start.body ->> 'connector', told.body ->> '$.place.evse'),
           coalesce(told.body ->> 'transaction', told.body ->> 'named'),
           coalesce(told.body -> '$.report.samples', told.body -> 'samples')
    FROM facts AS told
    LEFT JOIN starts AS start ON start.station = told.station
         AND start.transaction_id = coalesce(told.body ->> 'transaction', told.body ->> 'named')
    WHERE told.kind IN ('Started', 'Updated', 'Stopped')
       OR told.kind = 'StopOrphaned' AND told.body ->> '$.report.event.seq_no' IS NOT NULL
)
SELECT reports.station, reports.ticket, reports.evse, reports.transaction_id,
       moment.value ->> 'at'                                                  AS at,
       coalesce(sample.value ->> 'measurand', 'Energy.Active.Import.Register') AS measurand,
       sample.value ->> 'phase'                                               AS phase,
       sample.value ->> 'value'                                               AS value,
       coalesce(sample.value ->> 'multiplier', 0)                             AS multiplier,
       coalesce(sample.value ->> 'unit',
                CASE WHEN coalesce(sample.value ->> 'measurand', 'Energy') LIKE 'Energy%' THEN 'Wh' END) AS unit,
       coalesce(sample.value ->> 'context', 'Sample.Periodic')                AS context,
       coalesce(sample.value ->> 'location', 'Outlet')                        AS location,
       sample.value ->> '$.signed.data'                                       AS signed_data
FROM reports, json_each(reports.moments) AS moment, json_each(moment.value, '$.values') AS sample;

-- The last status of each connector; EVSE 0 is the station itself.
CREATE VIEW status AS
SELECT station, coalesce(body ->> '$.place.evse', body ->> 'connector', 0) AS evse,
       body ->> '$.place.connector' AS connector, body ->> 'status' AS status, body ->> 'error_code' AS error_code,
       body ->> 'at' AS at, max(ticket) AS ticket
FROM facts WHERE kind = 'Status'
GROUP BY station, coalesce(body ->> '$.place.evse', body ->> 'connector', 0), coalesce(body ->> '$.place.connector', 1);

-- What an operator should look at: everything odd about what was reported, by its kind (`ocpp_core::csms::Finding`).
CREATE VIEW findings AS
WITH kinds AS (
    SELECT facts.station, facts.ticket, finding.value AS kind
    FROM facts, json_each(coalesce(facts.body -> '$.findings', facts.body -> '$.report.findings', '[]')) AS finding
    WHERE facts.kind IN ('Started', 'Updated', 'Sampled', 'Stopped', 'StopContradicted', 'StopOrphaned')
    UNION
    SELECT station, ticket, kind FROM facts WHERE kind IN ('StopContradicted', 'StopOrphaned')
    UNION
    SELECT station, ticket, 'NonMonotonic' FROM facts
    WHERE kind = 'Stopped' AND body ->> 'consumption' = 'NonMonotonic'
    UNION
    SELECT station, ticket, 'UnknownTransaction' FROM facts
    WHERE kind = 'Sampled' AND body ->> '$.attribution.Unknown' IS NOT NULL
)
SELECT kinds.station, kinds.ticket, kinds.kind,
       coalesce(body ->> 'transaction', body ->> 'named', body ->> '$.attribution.Named', body ->> '$.attribution.Unknown',
                body ->> '$.attribution.Inferred')                    AS transaction_id,
       coalesce(body ->> '$.report.at', body ->> 'at', body ->> '$.values[0].at') AS at,
       body ->> '$.report.meter_stop_wh'                              AS meter_stop_wh
FROM kinds JOIN facts ON facts.station = kinds.station AND facts.ticket = kinds.ticket
ORDER BY kinds.station, kinds.ticket;
