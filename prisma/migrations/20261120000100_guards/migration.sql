-- What Prisma's schema cannot say: checks, partial and search indexes, the balance trigger, append-only books, and the
-- triggers that note every changed row for the cache.

CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Accounts and people -------------------------------------------------------------------------------------------------
ALTER TABLE tenant ADD CONSTRAINT tenant_slug_form CHECK (slug ~ '^[a-z0-9-]{2,40}$');
ALTER TABLE app_user ADD CONSTRAINT app_user_email_normal CHECK (email = lower(btrim(email)) AND email LIKE '%_@_%');
ALTER TABLE app_user ADD CONSTRAINT app_user_phone_e164 CHECK (phone IS NULL OR phone ~ '^\+[1-9][0-9]{6,14}$');
ALTER TABLE user_profile ADD CONSTRAINT user_profile_rating CHECK (rating_count >= 0 AND rating_sum BETWEEN rating_count AND rating_count * 5);

-- Errands and offers --------------------------------------------------------------------------------------------------
ALTER TABLE errand ADD CONSTRAINT errand_amounts CHECK (budget > 0 AND goods_budget >= 0);
ALTER TABLE errand ADD CONSTRAINT errand_runner_not_customer CHECK (runner_id IS NULL OR runner_id <> customer_id);
ALTER TABLE errand ADD CONSTRAINT errand_runner_when_taken CHECK (
  (state IN ('AWAITING_FUNDING', 'ASSIGNED', 'IN_PROGRESS', 'DELIVERED', 'DISPUTED', 'COMPLETED')) <= (runner_id IS NOT NULL AND accepted_offer_id IS NOT NULL));
ALTER TABLE errand ADD CONSTRAINT errand_no_runner_when_open CHECK ((state IN ('DRAFT', 'OPEN')) <= (runner_id IS NULL AND accepted_offer_id IS NULL));
ALTER TABLE errand ADD CONSTRAINT errand_version CHECK (version >= 1);
CREATE INDEX errand_market ON errand (tenant_id, created_at DESC, id) WHERE state <> 'DRAFT';
CREATE INDEX errand_expiring ON errand (expires_at) WHERE state = 'OPEN';
CREATE INDEX errand_funding_due ON errand (fund_by) WHERE state = 'AWAITING_FUNDING';
CREATE INDEX errand_no_show_due ON errand (start_by) WHERE state = 'ASSIGNED';
CREATE INDEX errand_release_due ON errand (auto_release_at) WHERE state = 'DELIVERED';
CREATE INDEX errand_text ON errand USING gin (title gin_trgm_ops, description gin_trgm_ops);
CREATE INDEX errand_pickup ON errand USING gist (point(pickup_lng, pickup_lat)) WHERE pickup_lat IS NOT NULL;

ALTER TABLE offer ADD CONSTRAINT offer_amount CHECK (amount > 0);
CREATE UNIQUE INDEX offer_one_live_per_runner ON offer (errand_id, runner_id) WHERE state IN ('PENDING', 'COUNTERED');
CREATE UNIQUE INDEX offer_one_accepted ON offer (errand_id) WHERE state = 'ACCEPTED';
CREATE INDEX offer_expiring ON offer (expires_at) WHERE state IN ('PENDING', 'COUNTERED');

-- Escrow --------------------------------------------------------------------------------------------------------------
ALTER TABLE fee_plan ADD CONSTRAINT fee_plan_rates CHECK (
  commission_bps BETWEEN 0 AND 10000 AND vat_bps BETWEEN 0 AND 10000 AND cancellation_bps BETWEEN 0 AND 10000 AND free_cancel_minutes >= 0);
-- Commission and the VAT on it take no more than the whole service part.
ALTER TABLE fee_plan ADD CONSTRAINT fee_plan_payable CHECK (commission_bps::bigint * (10000 + vat_bps) <= 100000000);
ALTER TABLE escrow ADD CONSTRAINT escrow_amounts CHECK (
  gross > 0 AND funded >= 0 AND released >= 0 AND refunded >= 0 AND funded <= gross AND released + refunded <= funded);
ALTER TABLE escrow ADD CONSTRAINT escrow_settled CHECK ((state IN ('RELEASED', 'REFUNDED', 'SPLIT')) <= (released + refunded = funded));
ALTER TABLE escrow ADD CONSTRAINT escrow_version CHECK (version >= 1);

-- Ledger --------------------------------------------------------------------------------------------------------------
ALTER TABLE journal_line ADD CONSTRAINT journal_line_amount CHECK (amount > 0);
ALTER TABLE journal_line ADD CONSTRAINT journal_line_running CHECK ((balance_after IS NULL) = (account_seq IS NULL));
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_totals CHECK (debits >= 0 AND credits >= 0 AND seq >= 0);
ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_floor CHECK (
  NOT floored OR (CASE WHEN type IN ('LIABILITY', 'INCOME', 'EQUITY') THEN credits - debits ELSE debits - credits END) >= 0);

CREATE FUNCTION journal_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE off record;
BEGIN
  SELECT currency, sum(CASE side WHEN 'DEBIT' THEN amount ELSE -amount END) AS difference INTO off
    FROM journal_line WHERE journal_id = NEW.journal_id GROUP BY currency
    HAVING sum(CASE side WHEN 'DEBIT' THEN amount ELSE -amount END) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'journal % does not balance: % %', NEW.journal_id, off.difference, off.currency USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER journal_line_balances AFTER INSERT ON journal_line
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_balances();

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER journal_line_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_line FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER process_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON process_event FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER fee_plan_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON fee_plan FOR EACH STATEMENT EXECUTE FUNCTION append_only();

ALTER TABLE charge ADD CONSTRAINT charge_amount CHECK (amount > 0);

-- Banks ---------------------------------------------------------------------------------------------------------------
ALTER TABLE bank ADD CONSTRAINT bank_country CHECK (country ~ '^[A-Z]{2}$');
CREATE UNIQUE INDEX bank_code_current ON bank_code (provider, scheme, country, type, code) WHERE valid_to IS NULL;

-- Row changes ---------------------------------------------------------------------------------------------------------
-- watch_rows('errand', 'Errand', 'id', '{id,tenant_id}') makes every INSERT, UPDATE and DELETE on the table, whoever runs it
-- (nested writes, cascades, bulk writes, raw SQL, psql), leave one row_change per changed row inside the same transaction.
CREATE FUNCTION watch_rows(tbl text, model text, key_column text, columns text[]) RETURNS void LANGUAGE plpgsql AS $watch$
DECLARE
  camel text := '';
  col text;
  old_json text;
  new_json text;
  fn text := tbl || '_row_change';
  insert_into constant text := 'INSERT INTO row_change (xid, model, before, after) SELECT pg_current_xact_id()::text::bigint, ';
BEGIN
  FOREACH col IN ARRAY columns LOOP
    camel := regexp_replace(initcap(replace(col, '_', ' ')), ' ', '', 'g');
    camel := lower(left(camel, 1)) || substr(camel, 2);
    old_json := concat_ws(', ', old_json, format('%L, o.%I', camel, col));
    new_json := concat_ws(', ', new_json, format('%L, n.%I', camel, col));
  END LOOP;
  old_json := 'jsonb_build_object(' || old_json || ')';
  new_json := 'jsonb_build_object(' || new_json || ')';

  EXECUTE format($f$CREATE OR REPLACE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
      IF TG_OP = 'INSERT' THEN %s FROM new_rows n;
      ELSIF TG_OP = 'DELETE' THEN %s FROM old_rows o;
      ELSE %s FROM old_rows o FULL JOIN new_rows n ON o.%I = n.%I WHERE o IS DISTINCT FROM n;
      END IF;
      RETURN NULL;
    END $body$ $f$, fn,
    insert_into || format('%L, NULL, %s', model, new_json),
    insert_into || format('%L, %s, NULL', model, old_json),
    insert_into || format('%L, CASE WHEN o.%I IS NULL THEN NULL ELSE %s END, CASE WHEN n.%I IS NULL THEN NULL ELSE %s END',
      model, key_column, old_json, key_column, new_json),
    key_column, key_column);
  EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()', fn || '_i', tbl, fn);
  EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER UPDATE ON %I REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()', fn || '_u', tbl, fn);
  EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER DELETE ON %I REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()', fn || '_d', tbl, fn);
END $watch$;

SELECT watch_rows('tenant', 'Tenant', 'id', '{id,slug}');
SELECT watch_rows('app_user', 'User', 'id', '{id,tenant_id,status}');
SELECT watch_rows('user_profile', 'UserProfile', 'user_id', '{user_id,tenant_id}');
SELECT watch_rows('role_grant', 'RoleGrant', 'id', '{id,tenant_id,user_id,role}');
SELECT watch_rows('session', 'Session', 'id', '{id,user_id}');
SELECT watch_rows('errand', 'Errand', 'id', '{id,tenant_id,customer_id,runner_id,state,category,area}');
SELECT watch_rows('offer', 'Offer', 'id', '{id,tenant_id,errand_id,runner_id,state}');
SELECT watch_rows('escrow', 'Escrow', 'id', '{id,tenant_id,errand_id,customer_id,runner_id,state}');
SELECT watch_rows('bank', 'Bank', 'id', '{id,country}');
SELECT watch_rows('bank_code', 'BankCode', 'id', '{id,bank_id,country}');
SELECT watch_rows('bank_alias', 'BankAlias', 'bank_id', '{bank_id,name}');

-- Deleted soon after they are written: vacuum by count, not by share of the table.
ALTER TABLE row_change SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
