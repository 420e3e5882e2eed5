-- Makes the role `ebb`, which owns the database of that name and is no superuser, and gives it the password of its file.
-- Runs at every start, as the superuser.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ebb') THEN
        CREATE ROLE ebb LOGIN CREATEROLE;  -- ebb migrate makes the role of the service
    END IF;
    EXECUTE format(
        'ALTER ROLE ebb PASSWORD %L',
        rtrim(pg_read_file('/var/lib/ebb-secrets/owner/password'), E'\n')
    );
END
$$;
ALTER DATABASE ebb OWNER TO ebb;
