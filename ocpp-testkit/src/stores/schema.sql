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

-- The bill: one row for each transaction. The energy is missing while it runs, and where the register went backwards.
CREATE VIEW IF NOT EXISTS transactions AS
SELECT start.station                                 AS station,
       start.body ->> 'transaction'                  AS transaction_id,
       start.body ->> 'connector'                    AS connector,
       start.body ->> 'token'                        AS token,
       verdict.body ->> '$.verdict.status'           AS verdict,
       start.body ->> 'at'                           AS started_at,
       start.body ->> 'meter_start_wh'               AS meter_start_wh,
       stop.body ->> '$.report.at'                   AS stopped_at,
       stop.body ->> '$.report.meter_stop_wh'        AS meter_stop_wh,
       stop.body ->> '$.consumption.Wh'              AS energy_wh,
       CASE WHEN stop.body IS NOT NULL THEN coalesce(stop.body ->> '$.report.reason', 'Local') END AS reason,
       stop.body ->> 'inferred'                      AS stop_inferred
FROM facts AS start
LEFT JOIN facts AS stop ON stop.kind = 'Stopped' AND stop.station = start.station
     AND stop.body ->> 'transaction' = start.body ->> 'transaction'
LEFT JOIN facts AS verdict ON verdict.kind = 'Authorized' AND verdict.station = start.station
     AND verdict.body ->> 'transaction' = start.body ->> 'transaction'
WHERE start.kind = 'Started';

-- Every measured value, those that came with the end of a transaction included, with the protocol's defaults filled in.
CREATE VIEW IF NOT EXISTS meter_values AS
WITH reports AS (
    SELECT station, ticket, body ->> 'connector' AS connector,
           coalesce(body ->> '$.attribution.Named', body ->> '$.attribution.Inferred') AS transaction_id,
           body -> 'values' AS moments
    FROM facts WHERE kind = 'Sampled'
    UNION ALL
    SELECT stop.station, stop.ticket, start.body ->> 'connector', stop.body ->> 'transaction',
           stop.body -> '$.report.samples'
    FROM facts AS stop
    LEFT JOIN facts AS start ON start.kind = 'Started' AND start.station = stop.station
         AND start.body ->> 'transaction' = stop.body ->> 'transaction'
    WHERE stop.kind = 'Stopped'
)
SELECT reports.station, reports.ticket, reports.connector, reports.transaction_id,
       moment.value ->> 'at'                                                  AS at,
       coalesce(sample.value ->> 'measurand', 'Energy.Active.Import.Register') AS measurand,
       sample.value ->> 'phase'                                               AS phase,
       sample.value ->> 'value'                                               AS value,
       coalesce(sample.value ->> 'unit',
                CASE WHEN coalesce(sample.value ->> 'measurand', 'Energy') LIKE 'Energy%' THEN 'Wh' END) AS unit,
       coalesce(sample.value ->> 'context', 'Sample.Periodic')                AS context,
       coalesce(sample.value ->> 'location', 'Outlet')                        AS location
FROM reports, json_each(reports.moments) AS moment, json_each(moment.value, '$.values') AS sample;

-- The last status of each connector; 0 is the station itself.
CREATE VIEW IF NOT EXISTS status AS
SELECT station, body ->> 'connector' AS connector, body ->> 'status' AS status, body ->> 'error_code' AS error_code,
       body ->> 'at' AS at, max(ticket) AS ticket
FROM facts WHERE kind = 'Status'
GROUP BY station, body ->> 'connector';

-- What an operator should look at: everything odd about what was reported, by its kind (`ocpp_core::csms::Finding`). Made anew at each
-- start, since earlier versions of this program knew fewer kinds.
DROP VIEW IF EXISTS findings;
CREATE VIEW findings AS
WITH kinds AS (
    SELECT facts.station, facts.ticket, finding.value AS kind
    FROM facts, json_each(coalesce(facts.body -> '$.findings', facts.body -> '$.report.findings', '[]')) AS finding
    WHERE facts.kind IN ('Started', 'Sampled', 'Stopped', 'StopContradicted', 'StopOrphaned')
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
