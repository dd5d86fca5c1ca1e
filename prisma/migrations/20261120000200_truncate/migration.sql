-- TRUNCATE, and every other change of a whole table that leaves no rows to look at, is noted too; and so are changes by
-- sessions that switch triggers off for themselves (session_replication_role = replica).

-- One row_change without a row before or after: anything of this model may have changed. To be called by hand, in the same
-- transaction, after what no trigger sees (DISABLE TRIGGER, ALTER TABLE ... USING, a restore of some tables):
--   SELECT note_model_change('Errand');
CREATE FUNCTION note_model_change(model text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM pg_trigger WHERE tgfoid = 'note_truncated_model()'::regprocedure AND tgargs = convert_to(note_model_change.model, 'UTF8') || '\x00'::bytea
  ) THEN
    RAISE EXCEPTION 'no table of the model "%" is watched', note_model_change.model USING ERRCODE = 'invalid_parameter_value',
      HINT = 'Models are named as in prisma/schema.prisma, for example Errand.';
  END IF;
  INSERT INTO row_change (xid, model) VALUES (pg_current_xact_id()::text::bigint, note_model_change.model);
END $$;

CREATE FUNCTION note_truncated_model() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO row_change (xid, model) VALUES (pg_current_xact_id()::text::bigint, TG_ARGV[0]);
  RETURN NULL;
END $$;

-- From here on watch_rows('errand', 'Errand', 'id', '{id,tenant_id}') watches TRUNCATE as well, and its triggers fire
-- whatever session_replication_role says.
ALTER FUNCTION watch_rows(text, text, text, text[]) RENAME TO watch_changed_rows;

CREATE FUNCTION watch_all_changes(tbl text, model text) RETURNS void LANGUAGE plpgsql AS $watch$
DECLARE
  fn text := tbl || '_row_change';
  event text;
BEGIN
  EXECUTE format('CREATE OR REPLACE TRIGGER %I AFTER TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION note_truncated_model(%L)', fn || '_t', tbl, model);
  FOREACH event IN ARRAY '{i,u,d,t}'::text[] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', tbl, fn || '_' || event);
  END LOOP;
END $watch$;

CREATE FUNCTION watch_rows(tbl text, model text, key_column text, columns text[]) RETURNS void LANGUAGE plpgsql AS $watch$
BEGIN
  PERFORM watch_changed_rows(tbl, model, key_column, columns);
  PERFORM watch_all_changes(tbl, model);
END $watch$;

SELECT watch_all_changes('tenant', 'Tenant');
SELECT watch_all_changes('app_user', 'User');
SELECT watch_all_changes('user_profile', 'UserProfile');
SELECT watch_all_changes('role_grant', 'RoleGrant');
SELECT watch_all_changes('session', 'Session');
SELECT watch_all_changes('errand', 'Errand');
SELECT watch_all_changes('offer', 'Offer');
SELECT watch_all_changes('escrow', 'Escrow');
SELECT watch_all_changes('bank', 'Bank');
SELECT watch_all_changes('bank_code', 'BankCode');
SELECT watch_all_changes('bank_alias', 'BankAlias');
