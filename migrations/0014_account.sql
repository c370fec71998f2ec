-- The pending account as a ledger: postings between two accounts in thousandths of the currency, numbered without a gap,
-- each with what is owed after it; and what a close that is under way may yet add.

-- +goose Up

-- The last posting of a ledger: who writes the next one locks this row.
CREATE TABLE account_heads (
    institution TEXT      NOT NULL CHECK (institution <> ''),
    currency    TEXT      NOT NULL CHECK (currency <> ''),
    number      BIGINT    NOT NULL,
    owed        BIGINT    NOT NULL,
    booked_at   TIMESTAMP NOT NULL,
    alarmed     BIGINT    NOT NULL, -- the alarm line that was told, in percent of the limit
    PRIMARY KEY (institution, currency)
);

-- Lists of kinds and accounts belong to the domain.
CREATE TABLE account_postings (
    institution TEXT      NOT NULL,
    currency    TEXT      NOT NULL,
    number      BIGINT    NOT NULL CHECK (number > 0),
    kind        TEXT      NOT NULL CHECK (kind <> ''),
    cause       TEXT      NOT NULL CHECK (cause <> ''),
    debit       TEXT      NOT NULL CHECK (debit <> ''),
    credit      TEXT      NOT NULL CHECK (credit <> '' AND credit <> debit),
    thousandths BIGINT    NOT NULL CHECK (thousandths > 0),
    owed        BIGINT    NOT NULL,
    order_id    TEXT REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED, -- none: of no order
    storefront  TEXT      NOT NULL,
    of_number   BIGINT    NOT NULL, -- a reversal's; 0: none
    booked_by   TEXT      NOT NULL,
    reason      TEXT      NOT NULL,
    at          TIMESTAMP NOT NULL,
    booked_at   TIMESTAMP NOT NULL,
    PRIMARY KEY (institution, currency, number)
);
CREATE UNIQUE INDEX account_postings_cause ON account_postings (institution, kind, cause);
CREATE INDEX account_postings_booked ON account_postings (institution, currency, booked_at, number);
CREATE INDEX account_postings_order ON account_postings (order_id);

-- What was booked before: closes only, in minor units.
INSERT INTO account_postings (institution, currency, number, kind, cause, debit, credit, thousandths, owed, order_id, storefront,
    of_number, booked_by, reason, at, booked_at)
SELECT institution, currency, ROW_NUMBER() OVER (PARTITION BY institution, currency ORDER BY at, order_id), 'close', order_id,
    'storefront:' || storefront, 'pending', thousandths,
    CAST(SUM(thousandths) OVER (PARTITION BY institution, currency ORDER BY at, order_id) AS BIGINT),
    order_id, storefront, 0, '', '', at, at
FROM (
    SELECT p.institution AS institution, p.currency AS currency, p.order_id AS order_id, o.storefront AS storefront, p.at AS at,
        p.amount * CASE
            WHEN p.currency IN ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'VND', 'VUV', 'XAF',
                'XOF', 'XPF') THEN 1000
            WHEN p.currency IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1
            ELSE 10 END AS thousandths
    FROM postings p JOIN orders o ON o.id = p.order_id
    WHERE p.kind = 'close' AND p.amount > 0
) closes;

INSERT INTO account_heads (institution, currency, number, owed, booked_at, alarmed)
SELECT institution, currency, MAX(number), CAST(SUM(thousandths) AS BIGINT), MAX(booked_at), 0
FROM account_postings GROUP BY institution, currency;

DROP TABLE postings;

ALTER TABLE orders ADD COLUMN claim BIGINT NOT NULL DEFAULT 0; -- thousandths that a close under way may yet add
CREATE INDEX orders_claim ON orders (institution, claim) WHERE claim <> 0;
